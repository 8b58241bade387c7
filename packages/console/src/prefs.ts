import { useSyncExternalStore } from 'react'

export const THEMES = ['auto', 'light', 'dark', 'contrast'] as const
export type Theme = (typeof THEMES)[number]

/** What one person likes, kept by their browser alone. */
export interface Prefs {
  readonly theme: Theme
  readonly utc: boolean
}

const KEY = 'sallyport.prefs'
const listeners = new Set<() => void>()
let prefs: Prefs = read()

function read(): Prefs {
  try {
    const { theme, utc } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Prefs>
    return { theme: THEMES.find((one) => one === theme) ?? 'auto', utc: utc === true }
  } catch {
    return { theme: 'auto', utc: false }
  }
}

export function setPrefs(change: Partial<Prefs>): void {
  prefs = { ...prefs, ...change }
  localStorage.setItem(KEY, JSON.stringify(prefs))
  showTheme()
  for (const listener of listeners) listener()
}

export function showTheme(): void {
  document.documentElement.dataset['theme'] = prefs.theme
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
