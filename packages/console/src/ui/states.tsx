import type { UseQueryResult } from '@tanstack/react-query'
import { type ReactElement, type ReactNode, useEffect, useRef } from 'react'
import { Problem } from '../api.ts'

/** What to do about a refusal, by its code. */
const TODO: Readonly<Record<string, string>> = {
  IDENTITY_FORBIDDEN: 'Ask somebody with the role, or an owner for it.',
  IDENTITY_INVALID: 'Sign in again.',
  IDENTITY_MISSING: 'Sign in again.',
  IDENTITY_CONFIRM: 'Try again and use your passkey; if you have none, register one under “You”.',
  STORE_UNAVAILABLE: 'Start the gateway, or ask whoever runs it.',
  LIMIT_RATE: 'Wait a minute.',
  PRECONDITION_FAILED: 'Load the page again.',
}

export function ProblemNote({ error }: { error: unknown }): ReactElement {
  const known = error instanceof Problem ? error : undefined
  return (
    <div role="alert" className="rounded-md border border-bad bg-panel p-3">
      <p className="font-semibold text-bad">That did not work.</p>
      <p>{known?.message ?? 'The page itself failed; load it again.'}</p>
      {known && <p className="text-sm text-soft">{`${TODO[known.code] ?? ''} ${known.code}`.trim()}</p>}
      {known?.status === 401 && (
        <a href={`/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`} className="link">
          Sign in
        </a>
      )}
    </div>
  )
}

/** What a query gives, or that it is on its way, or why it is not there. */
export function Loaded<T>({ of, children }: { of: UseQueryResult<T>; children: (data: T) => ReactNode }): ReactElement {
  if (of.isPending) return <p aria-live="polite">Loading…</p>
  if (of.data === undefined) return <ProblemNote error={of.error} />
  return (
    <>
      {of.isError && <ProblemNote error={of.error} />}
      {children(of.data)}
    </>
  )
}

export function Empty({ children }: { children: ReactNode }): ReactElement {
  return <div className="panel text-soft">{children}</div>
}

const TONES = {
  good: 'border-good text-good',
  bad: 'border-bad text-bad',
  warn: 'border-warn text-warn',
  plain: 'border-line text-soft',
}
export type Tone = keyof typeof TONES

export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }): ReactElement {
  return <span className={`inline-block rounded border px-1.5 text-sm whitespace-nowrap ${TONES[tone]}`}>{children}</span>
}

const EFFECT_TONES: Readonly<Record<string, Tone>> = {
  allow: 'good',
  release: 'good',
  deny: 'bad',
  withhold: 'bad',
  require_approval: 'warn',
  success: 'good',
  done: 'good',
  refused: 'bad',
  approved: 'good',
  consumed: 'good',
  pending: 'warn',
  rejected: 'bad',
  withheld: 'bad',
  failure: 'bad',
  tool_error: 'warn',
}

export function EffectBadge({ effect }: { effect: string }): ReactElement {
  return <Badge tone={EFFECT_TONES[effect] ?? 'plain'}>{effect}</Badge>
}

export function PageTitle({ children, aside }: { children: ReactNode; aside?: ReactNode }): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null)
  // Tabs, histories and screen readers name a page by its title.
  useEffect(() => {
    document.title = `${heading.current?.textContent ?? ''} · Sallyport`
  })
  return (
    <div className="mb-4 flex flex-wrap items-center justify-between gap-2">
      <h1 ref={heading} className="text-2xl font-semibold">
        {children}
      </h1>
      {aside}
    </div>
  )
}
