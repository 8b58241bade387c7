import { useSyncExternalStore } from 'react'

export const THEMES = ['auto', 'light', 'dark', 'contrast'] as const
export type Theme = (typeof THEMES)[number]

/** What one person likes, kept by their browser alone. */
export interface Prefs {
  readonly theme: Theme
  readonly utc: boolean
  readonly isTourDone: boolean
}

const KEY = 'sallyport.prefs'
const listeners = new Set<() => void>()
let prefs: Prefs = read()

function read(): Prefs {
  try {
    const { theme, utc, isTourDone } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Prefs>
    return { theme: THEMES.find((one) => one === theme) ?? 'auto', utc: utc === true, isTourDone: isTourDone === true }
  } catch {
    return { theme: 'auto', utc: false, isTourDone: false }
  }
}

export function setPrefs(change: Partial<Prefs>): void {
  prefs = { ...prefs, ...change }
  localStorage.setItem(KEY, JSON.stringify(prefs))
  showTheme()
  for (const listener of listeners) listener()
}

const WANTED = [
  ['contrast', matchMedia('(prefers-contrast: more)')],
  ['dark', matchMedia('(prefers-color-scheme: dark)')],
] as const
for (const [, media] of WANTED) media.addEventListener('change', showTheme)

/** Shows the look the person chose, or the one their system asks for. */
export function showTheme(): void {
  const wanted = WANTED.find(([, media]) => media.matches)?.[0] ?? 'light'
  document.documentElement.dataset['theme'] = prefs.theme === 'auto' ? wanted : prefs.theme
}

export function usePrefs(): Prefs {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => prefs,
  )
}
