import type { Entry } from '@sallyport/core'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { EffectBadge, Empty, PageTitle } from '../ui/states.tsx'
import { Export } from '../ui/table.tsx'
import { Time } from '../ui/time.tsx'
import { actorOf, effectOf, wordsOf } from '../ui/words.ts'
import { Peek } from './peek.tsx'

/** Entries kept in the page; older ones are in the log. */
const KEPT_MAX = 5_000
/** New entries are shown at most this often. */
const SHOW_MS = 250
const ROW_PX = 34

/** As an export has them. */
const COLUMNS = [
  { title: 'Entry', text: ({ index }: Entry) => index },
  { title: 'When', text: ({ time }: Entry) => time },
  { title: 'Effect', text: effectOf },
  { title: 'Who', text: actorOf },
  { title: 'What', text: wordsOf },
]

type Standing = 'opening' | 'live' | 'lost' | 'over'

const WORDS: Readonly<Partial<Record<Standing, string>>> = {
  lost: 'The connection was lost; trying again.',
  over: 'Nothing more comes: the sign-in is over, or none of your roles may read the log.',
}

/** The log as it is written. Pausing keeps what comes meanwhile. */
export function LivePage(): ReactElement {
  const { find = '' } = useSearch({ from: '/inside/live' })
  const navigate = useNavigate()
  const [isPaused, setPaused] = useState(false)
  const { entries, standing, waiting } = useLive(isPaused)
  const shown = find === '' ? entries : entries.filter((entry) => lineOf(entry).includes(find.toLowerCase()))
  return (
    <>
      <PageTitle
        aside={
          <button type="button" className="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
            {isPaused ? `Go on${waiting > 0 ? ` (${waiting} new)` : ''}` : 'Pause'}
          </button>
        }
      >
        Live
      </PageTitle>
      <label className="mb-2 grid gap-1">
        Only what holds
        <input
          className="field"
          value={find}
          maxLength={200}
          onChange={(event) =>
            void navigate({ to: '/live', search: event.target.value === '' ? {} : { find: event.target.value }, replace: true })
          }
        />
      </label>
      <p role="status" className="mb-2 text-sm text-soft">
        {WORDS[standing] ?? (isPaused ? 'Paused.' : `${shown.length} entries`)}
      </p>
      {shown.length === 0 ? (
        <Empty>Nothing has been written since you came. “npm run demo” in another terminal makes some traffic.</Empty>
      ) : (
        <>
          <Walk entries={shown} />
          <Export name="live" columns={COLUMNS} rows={shown} />
        </>
      )}
    </>
  )
}

function useLive(isPaused: boolean): { entries: readonly Entry[]; standing: Standing; waiting: number } {
  const [entries, setEntries] = useState<readonly Entry[]>([])
  const [standing, setStanding] = useState<Standing>('opening')
  const [waiting, setWaiting] = useState(0)
  const pending = useRef<Entry[]>([])
  const paused = useRef(isPaused)
  paused.current = isPaused
  useEffect(() => {
    const source = new EventSource('/api/v1/live')
    source.onopen = () => setStanding('live')
    // A browser does not ask again where it was refused.
    source.onerror = () => setStanding(source.readyState === EventSource.CLOSED ? 'over' : 'lost')
    source.onmessage = ({ data }: MessageEvent<string>) => {
      pending.current.push(JSON.parse(data) as Entry)
      if (pending.current.length > KEPT_MAX) pending.current.splice(0, pending.current.length - KEPT_MAX)
    }
    const timer = setInterval(() => {
      const fresh = pending.current
      if (paused.current) return setWaiting(fresh.length)
      if (fresh.length === 0) return
      pending.current = []
      setWaiting(0)
      setEntries((old) => [...fresh.toReversed(), ...old].slice(0, KEPT_MAX))
    }, SHOW_MS)
    return () => {
      clearInterval(timer)
      source.close()
    }
  }, [])
  return { entries, standing, waiting }
}

function lineOf(entry: Entry): string {
  return `${entry.index} ${entry.type} ${effectOf(entry)} ${actorOf(entry)} ${wordsOf(entry)}`.toLowerCase()
}

/** The entries, and the one that is looked at: `J` and `K` walk, `Esc` closes it. It stays the same one while others come. */
function Walk({ entries }: { entries: readonly Entry[] }): ReactElement {
  const [at, setAt] = useState<Entry>()
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.target instanceof HTMLInputElement) return
      if (event.key === 'Escape') setAt(undefined)
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0
      if (step === 0) return
      setAt((now) => {
        const i = entries.findIndex(({ index }) => index === now?.index)
        return entries[Math.max(0, Math.min(entries.length - 1, i + step))]
      })
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [entries])
  return (
    <div className={at ? 'grid gap-4 xl:grid-cols-[3fr_2fr]' : ''}>
      <Rows entries={entries} at={at?.index} onPeek={setAt} />
      {at && <Peek entry={at} onClose={() => setAt(undefined)} />}
    </div>
  )
}

interface RowsProps {
  readonly entries: readonly Entry[]
  readonly at: number | undefined
  readonly onPeek: (entry: Entry) => void
}

function Rows({ entries, at, onPeek }: RowsProps): ReactElement {
  const box = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
    getItemKey: (i) => entries[i]?.index ?? i,
  })
  const row = at === undefined ? -1 : entries.findIndex(({ index }) => index === at)
  useEffect(() => {
    if (row >= 0) rows.scrollToIndex(row)
    // Only when another one is looked at; who scrolls is not pulled back.
  }, [at])
  return (
    <div
      ref={box}
      className="h-[70dvh] overflow-auto rounded-lg border border-line bg-panel"
      tabIndex={0}
      role="region"
      aria-label="Entries, newest first"
    >
      <ul style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map(({ key, index, start }) => {
          const entry = entries[index]
          return (
            entry && (
              <li
                key={key}
                className="absolute grid w-full grid-cols-[5rem_9rem_8rem_8rem_1fr] items-center gap-2 border-b border-line px-2 text-sm"
                style={{ height: ROW_PX, transform: `translateY(${start}px)` }}
              >
                <Link to="/decisions/$entry" params={{ entry: String(entry.index) }} className="link">
                  {entry.index}
                </Link>
                <Time at={entry.time} />
                <span>
                  <EffectBadge effect={effectOf(entry)} />
                </span>
                <span className="truncate">{actorOf(entry)}</span>
                <button
                  type="button"
                  aria-pressed={entry.index === at}
                  className={`truncate text-left ${entry.index === at ? 'font-semibold' : ''}`}
                  onClick={() => onPeek(entry)}
                >
                  {wordsOf(entry)}
                </button>
              </li>
            )
          )
        })}
      </ul>
    </div>
  )
}
