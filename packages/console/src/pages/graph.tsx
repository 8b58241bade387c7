import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { KeyboardEvent, ReactElement } from 'react'
import { Empty, Loaded, PageTitle } from '../ui/states.tsx'
import { Table } from '../ui/table.tsx'
import { useFound } from '../use-found.ts'
import { useMay, useVerb } from '../use-verb.ts'
import { COLUMNS, type Graph, type GraphEdge, type GraphNode, graphOf } from './graph-of.ts'

const DAYS = 30
const DAY_MS = 86_400_000
/** Entries of the agent that are looked at. */
const ENTRIES_MAX = 1_000

const COLUMN_PX = 262
const NODE_PX = { width: 210, height: 44, gap: 14 }
const LABEL_CHARS_MAX = 25

/** Where the data of one agent can go, and where it went: a picture to find one's way in, and a table that says the same. */
export function GraphPage(): ReactElement {
  const { agent } = useParams({ from: '/inside/agents/$agent/graph' })
  const mayRead = useMay('audit.search')
  return (
    <>
      <PageTitle
        aside={
          <Link to="/agents/$agent" params={{ agent }} className="link">
            The agent
          </Link>
        }
      >
        Where data of {agent} goes
      </PageTitle>
      {mayRead ? <Seen agent={agent} /> : <Granted agent={agent} />}
    </>
  )
}

function Granted({ agent }: { agent: string }): ReactElement {
  const reach = useVerb('manifest.reach', { agent })
  return (
    <Loaded of={reach}>
      {(data) => <Drawn graph={graphOf(agent, data, [])} said="Only what is granted: your roles may not read the log." />}
    </Loaded>
  )
}

function Seen({ agent }: { agent: string }): ReactElement {
  const reach = useVerb('manifest.reach', { agent })
  // By the day, so that it is the same question all day.
  const since = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - DAYS * DAY_MS).toISOString()
  const query = { agent, kind: 'tool.call' as const, since }
  const found = useFound({ query, limit: ENTRIES_MAX, purpose: 'where data goes', isWhole: true })
  return (
    <Loaded of={reach}>
      {(data) => (
        <Loaded of={found}>
          {({ entries, next }) => (
            <Drawn
              graph={graphOf(agent, data, entries)}
              said={`What is granted, and ${entries.length} entries of the last ${DAYS} days${next === undefined ? '' : '; there are more'}. A class stands before a destination when the session had read it before the act.`}
            />
          )}
        </Loaded>
      )}
    </Loaded>
  )
}

function Drawn({ graph, said }: { graph: Graph; said: string }): ReactElement {
  const { node: chosen } = useSearch({ from: '/inside/agents/$agent/graph' })
  const { agent } = useParams({ from: '/inside/agents/$agent/graph' })
  const navigate = useNavigate()
  const choose = (id: string): void =>
    void navigate({
      to: '/agents/$agent/graph',
      params: { agent },
      search: id === chosen ? {} : { node: id },
      replace: true,
      resetScroll: false,
    })
  const rows = graph.edges.filter(({ from, to }) => chosen === undefined || from === chosen || to === chosen)
  if (graph.edges.length === 0) return <Empty>Nothing is granted, and nothing was seen.</Empty>
  return (
    <div className="grid gap-4">
      <p className="text-sm text-soft">{said} Choosing one shows its ways alone.</p>
      <Picture graph={graph} chosen={chosen} onChoose={choose} />
      <Ways graph={graph} rows={rows} />
    </div>
  )
}

interface PictureProps {
  readonly graph: Graph
  readonly chosen: string | undefined
  readonly onChoose: (id: string) => void
}

function Picture({ graph: { nodes, edges }, chosen, onChoose }: PictureProps): ReactElement {
  const places = placed(nodes)
  const height = Math.max(...[...places.values()].map(({ y }) => y)) + NODE_PX.height + 8
  const width = (COLUMNS.length - 1) * COLUMN_PX + NODE_PX.width + 8
  return (
    <div className="overflow-x-auto rounded-lg border border-line bg-panel p-2" role="region" aria-label="Picture" tabIndex={0}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Ways, from left to right">
        {edges.map((edge) => (
          <Way key={`${edge.from} ${edge.to}`} edge={edge} places={places} isDim={isDim(edge, chosen)} />
        ))}
        {nodes.map((node) => {
          const at = places.get(node.id)
          return at && <Box key={node.id} node={node} at={at} isChosen={node.id === chosen} onChoose={onChoose} />
        })}
      </svg>
    </div>
  )
}

type Places = ReadonlyMap<string, { readonly x: number; readonly y: number }>

function placed(nodes: readonly GraphNode[]): Places {
  const next = new Map<string, number>()
  return new Map(
    nodes.map(({ id, column }) => {
      const row = next.get(column) ?? 0
      next.set(column, row + 1)
      return [id, { x: COLUMNS.indexOf(column) * COLUMN_PX + 4, y: row * (NODE_PX.height + NODE_PX.gap) + 4 }]
    }),
  )
}

function isDim({ from, to }: GraphEdge, chosen: string | undefined): boolean {
  return chosen !== undefined && from !== chosen && to !== chosen
}

/** Broken where nothing was seen yet; red where something was stopped. */
function Way({ edge, places, isDim: dim }: { edge: GraphEdge; places: Places; isDim: boolean }): ReactElement | null {
  const from = places.get(edge.from)
  const to = places.get(edge.to)
  if (!from || !to) return null
  const [x1, y1, x2, y2] = [from.x + NODE_PX.width, from.y + NODE_PX.height / 2, to.x, to.y + NODE_PX.height / 2]
  const middle = (x1 + x2) / 2
  const isSeen = edge.allowed + edge.stopped > 0
  return (
    <path
      d={`M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`}
      className={`fill-none ${edge.stopped > 0 ? 'stroke-bad' : 'stroke-accent'} ${dim ? 'opacity-15' : ''}`}
      strokeWidth={isSeen ? 2.5 : 1.2}
      strokeDasharray={isSeen ? undefined : '4 4'}
    />
  )
}

interface BoxProps {
  readonly node: GraphNode
  readonly at: { readonly x: number; readonly y: number }
  readonly isChosen: boolean
  readonly onChoose: (id: string) => void
}

function Box({ node: { id, column, label, note, isBad }, at: { x, y }, isChosen, onChoose }: BoxProps): ReactElement {
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    onChoose(id)
  }
  return (
    <g
      role="button"
      tabIndex={0}
      aria-pressed={isChosen}
      className="cursor-pointer"
      transform={`translate(${x},${y})`}
      onClick={() => onChoose(id)}
      onKeyDown={onKey}
    >
      <title>{`${column} ${label}${note === '' ? '' : `: ${note}`}`}</title>
      <rect
        width={NODE_PX.width}
        height={NODE_PX.height}
        rx={6}
        className={`fill-panel ${isBad ? 'stroke-bad' : 'stroke-line'}`}
        strokeWidth={isChosen ? 4 : 1.5}
      />
      <text x={10} y={note === '' ? 27 : 19} className="fill-ink text-sm">
        {short(label)}
      </text>
      {note !== '' && (
        <text x={10} y={35} className="fill-soft text-xs">
          {short(note)}
        </text>
      )}
    </g>
  )
}

function short(text: string): string {
  return text.length <= LABEL_CHARS_MAX ? text : `${text.slice(0, LABEL_CHARS_MAX - 1)}…`
}

function Ways({ graph: { nodes }, rows }: { graph: Graph; rows: readonly GraphEdge[] }): ReactElement {
  const labels = new Map(nodes.map(({ id, column, label }) => [id, `${column} ${label}`]))
  const nameOf = (id: string): string => labels.get(id) ?? ''
  return (
    <Table
      name="ways"
      rows={rows}
      keyOf={({ from, to }) => `${from} ${to}`}
      columns={[
        {
          title: 'From',
          text: ({ from }) => nameOf(from),
          cell: ({ from }) => <span className="wrap-anywhere">{nameOf(from)}</span>,
        },
        { title: 'To', text: ({ to }) => nameOf(to), cell: ({ to }) => <span className="wrap-anywhere">{nameOf(to)}</span> },
        { title: 'Granted or seen', text: ({ by }) => by, cell: ({ by }) => by },
        { title: 'Allowed', text: ({ allowed }) => allowed, cell: ({ allowed }) => allowed },
        { title: 'Stopped', text: ({ stopped }) => stopped, cell: ({ stopped }) => stopped },
      ]}
    />
  )
}
