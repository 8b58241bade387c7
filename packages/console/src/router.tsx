import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { people, Problem } from './api.ts'
import type { AuditSearch } from './audit-search.ts'
import { SignInPage } from './pages/sign-in.tsx'
import { Shell } from './shell/shell.tsx'
import { PageTitle, ProblemNote } from './ui/states.tsx'

const root = createRootRouteWithContext<{ client: QueryClient }>()({ component: Outlet })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignInPage,
  validateSearch: ({ to }): { to?: string } => (typeof to === 'string' && /^\/(?!\/)/.test(to) ? { to } : {}),
})
const enrol = createRoute({
  getParentRoute: () => root,
  path: '/enrol',
  component: lazyRouteComponent(() => import('./pages/enrol.tsx'), 'EnrolPage'),
})

/** Everything else is for somebody who is signed in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  async beforeLoad({ context: { client }, location }) {
    const session = await client
      .ensureQueryData({ queryKey: ['session'], queryFn: people.session, staleTime: Infinity })
      .catch((error: unknown) => {
        if (error instanceof Problem && error.status === 401) return undefined
        throw error
      })
    if (!session) return redirect({ to: '/sign-in', search: { to: location.href }, throw: true })
    if (session.method === 'link') return redirect({ to: '/enrol', throw: true })
    return undefined
  },
  errorComponent: ({ error }) => <ProblemNote error={error} />,
})

const page = <P extends string>(path: P) => ({ getParentRoute: () => inside, path })
const index = (search: unknown): number | undefined =>
  typeof search === 'number' && Number.isSafeInteger(search) && search >= 0 ? search : undefined
const text = (search: unknown): string | undefined =>
  (typeof search === 'string' || typeof search === 'number') && search !== '' ? `${search}`.slice(0, 200) : undefined

const tree = root.addChildren([
  signIn,
  enrol,
  inside.addChildren([
    createRoute({ ...page('/'), component: lazyRouteComponent(() => import('./pages/overview.tsx'), 'OverviewPage') }),
    createRoute({
      ...page('/approvals'),
      component: lazyRouteComponent(() => import('./pages/approvals.tsx'), 'ApprovalsPage'),
      validateSearch: ({ all }): { all?: true } => (all === true ? { all } : {}),
    }),
    createRoute({
      ...page('/approvals/together'),
      component: lazyRouteComponent(() => import('./pages/together.tsx'), 'TogetherPage'),
      validateSearch: ({ ids }): { ids: string[] } => ({
        ids: Array.isArray(ids)
          ? [...new Set(ids.filter((id) => /^apr-[0-9a-f]{24}$/.test(String(id))) as string[])].slice(0, 50)
          : [],
      }),
    }),
    createRoute({
      ...page('/approvals/vigilance'),
      component: lazyRouteComponent(() => import('./pages/vigilance.tsx'), 'VigilancePage'),
    }),
    createRoute({ ...page('/approvals/$id'), component: lazyRouteComponent(() => import('./pages/approval.tsx'), 'ApprovalPage') }),
    createRoute({
      ...page('/live'),
      component: lazyRouteComponent(() => import('./pages/live.tsx'), 'LivePage'),
      validateSearch: ({ find }): { find?: string } => (text(find) ? { find: text(find) as string } : {}),
    }),
    createRoute({
      ...page('/decisions/$entry'),
      component: lazyRouteComponent(() => import('./pages/decision.tsx'), 'DecisionPage'),
    }),
    createRoute({
      ...page('/sessions/$id'),
      component: lazyRouteComponent(() => import('./pages/session.tsx'), 'SessionPage'),
      validateSearch: ({ from }): { from?: number } => (index(from) === undefined ? {} : { from: index(from) as number }),
    }),
    createRoute({ ...page('/agents'), component: lazyRouteComponent(() => import('./pages/agents.tsx'), 'AgentsPage') }),
    createRoute({ ...page('/agents/$agent'), component: lazyRouteComponent(() => import('./pages/agent.tsx'), 'AgentPage') }),
    createRoute({
      ...page('/agents/$agent/graph'),
      component: lazyRouteComponent(() => import('./pages/graph.tsx'), 'GraphPage'),
      validateSearch: ({ node }): { node?: string } => (text(node) ? { node: text(node) as string } : {}),
    }),
    createRoute({ ...page('/tools'), component: lazyRouteComponent(() => import('./pages/tools.tsx'), 'ToolsPage') }),
    createRoute({ ...page('/tools/$server/$tool'), component: lazyRouteComponent(() => import('./pages/tool.tsx'), 'ToolPage') }),
    createRoute({
      ...page('/audit'),
      component: lazyRouteComponent(() => import('./pages/audit.tsx'), 'AuditPage'),
      validateSearch: (search): AuditSearch => {
        const found = {
          agent: text(search['agent']),
          user: text(search['user']),
          tool: text(search['tool']),
          effect: text(search['effect']),
          session: text(search['session']),
          from: index(search['from']),
        }
        return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as AuditSearch
      },
    }),
    createRoute({ ...page('/people'), component: lazyRouteComponent(() => import('./pages/people.tsx'), 'PeoplePage') }),
    createRoute({
      ...page('/setup'),
      component: lazyRouteComponent(() => import('./pages/setup.tsx'), 'SetupPage'),
      validateSearch: ({ agent }): { agent?: string } => (text(agent) ? { agent: text(agent) as string } : {}),
    }),
    createRoute({ ...page('/you'), component: lazyRouteComponent(() => import('./pages/you.tsx'), 'YouPage') }),
  ]),
])

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: false,
    defaultErrorComponent: ({ error }) => <ProblemNote error={error} />,
    defaultNotFoundComponent: () => (
      <main className="grid gap-2 p-4">
        <PageTitle>There is no such page</PageTitle>
        <Link to="/" className="link">
          Overview
        </Link>
      </main>
    ),
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
