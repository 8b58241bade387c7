import type { ReactElement, ReactNode } from 'react'

/** One titled part of a page. */
export function Part({ title, children }: { title: string; children: ReactNode }): ReactElement {
  return (
    <section className="panel min-w-0">
      <h2 className="mb-1 text-sm font-semibold text-soft">{title}</h2>
      {children}
    </section>
  )
}
