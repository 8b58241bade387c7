import { useSyncExternalStore } from 'react'

/** An address of this console under a name of one's own, kept by one browser alone. */
export interface SavedView {
  readonly name: string
  /** Path and search. */
  readonly to: string
}

const KEY = 'sallyport.views'
const VIEWS_MAX = 100
const NAME_CHARS_MAX = 80
const TO_CHARS_MAX = 2_000

const listeners = new Set<() => void>()
let views: readonly SavedView[] = readViews(localStorage.getItem(KEY))

/** What of a stored text is a list of views; an address that would leave this console is none. */
export function readViews(text: string | null): readonly SavedView[] {
  let stored: unknown
  try {
    stored = JSON.parse(text ?? '[]')
  } catch {
    return []
  }
  return Array.isArray(stored) ? stored.filter(isView).slice(0, VIEWS_MAX) : []
}

function isView(one: unknown): one is SavedView {
  const { name, to } = (one ?? {}) as Partial<Record<keyof SavedView, unknown>>
  return (
    typeof name === 'string' &&
    name !== '' &&
    name.length <= NAME_CHARS_MAX &&
    typeof to === 'string' &&
    to.length <= TO_CHARS_MAX &&
    // Browsers read a backslash, and after a slash a tab or line break, as they read a second slash.
    /^\/(?![/\\\s])/.test(to)
  )
}

/** Keeps a view; one of the same name is replaced. Nothing is kept that could not be read again. */
export function saveView(view: SavedView): void {
  const cut = { ...view, name: view.name.trim().slice(0, NAME_CHARS_MAX) }
  if (isView(cut)) keep([...views.filter(({ name }) => name !== cut.name), cut].slice(-VIEWS_MAX))
}

export function forgetView(name: string): void {
  keep(views.filter((one) => one.name !== name))
}

function keep(next: readonly SavedView[]): void {
  views = next
  localStorage.setItem(KEY, JSON.stringify(views))
  for (const listener of listeners) listener()
}

export function useViews(): readonly SavedView[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => views,
  )
}
