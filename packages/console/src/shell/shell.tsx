import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { type ReactElement, useEffect, useRef } from 'react'
import { setPrefs, THEMES, usePrefs } from '../prefs.ts'
import { Alarms } from '../ui/alarms.tsx'
import { useSession } from '../use-verb.ts'
import { pagesFor } from './pages.ts'
import { Palette } from './palette.tsx'

/** What is around every page: where to go, who one is, how it looks. */
export function Shell(): ReactElement {
  const { user, roles, may } = useSession()
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const main = useRef<HTMLElement>(null)
  // Whoever reads by ear starts at the new page, not at the navigation.
  useEffect(() => main.current?.focus({ preventScroll: true }), [path])
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[13rem_1fr]">
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-10 focus:bg-panel focus:p-2">
        Skip to the page
      </a>
      <header className="border-line bg-panel p-3 max-md:border-b md:sticky md:top-0 md:h-dvh md:overflow-y-auto md:border-r">
        <p className="flex items-center gap-2 text-lg font-semibold">
          <img src="/mark.svg" alt="" width="24" height="24" /> Sallyport
        </p>
        <nav aria-label="Pages" className="mt-3 flex flex-wrap gap-1 md:flex-col">
          {pagesFor(may).map(({ to, title }) => (
            <Link
              key={to}
              to={to}
              className="rounded-md px-2 py-2 hover:bg-sunk"
              activeProps={{ className: 'bg-sunk font-semibold', 'aria-current': 'page' }}
              activeOptions={{ exact: to === '/' }}
            >
              {title}
            </Link>
          ))}
        </nav>
        <div className="mt-4 grid gap-2 text-sm">
          <Palette />
          <div className="grid gap-2 max-md:hidden">
            <Looks />
            <p className="text-soft wrap-anywhere">
              {user}: {roles.join(', ') || 'no role'}
            </p>
          </div>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1} className="min-w-0 p-4 outline-none md:p-6">
        <Alarms />
        <Outlet />
      </main>
    </div>
  )
}

/** How it looks, and in whose time. */
export function Looks(): ReactElement {
  const { theme, utc } = usePrefs()
  return (
    <div className="flex flex-wrap gap-2">
      <label className="grid gap-1">
        <span>Theme</span>
        <select
          className="field"
          value={theme}
          onChange={(event) => setPrefs({ theme: THEMES.find((one) => one === event.target.value) ?? 'auto' })}
        >
          {THEMES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <label className="flex min-h-10 items-center gap-2 self-end">
        <input type="checkbox" className="size-5" checked={utc} onChange={(event) => setPrefs({ utc: event.target.checked })} /> UTC
      </label>
    </div>
  )
}
