import type { Role } from '@sallyport/gateway'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { call, type Output } from '../api.ts'
import { AgentText } from '../ui/agent-text.tsx'
import { Ask } from '../ui/ask.tsx'
import { Part } from '../ui/part.tsx'
import { Badge, Loaded, PageTitle, ProblemNote } from '../ui/states.tsx'
import { Table } from '../ui/table.tsx'
import { Time } from '../ui/time.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { useMay, useSession, useVerb } from '../use-verb.ts'

type Person = Output<'user.list'>['users'][number]
/** What each role is for; a role that is new is missing here until somebody says. */
const ROLES: Readonly<Record<Role, string>> = {
  owner: 'everything about people and the gateway itself',
  admin: 'agents and people, but none who stand above',
  engineer: 'agents, tools and sessions; signs for engineering',
  author: 'writes manifests',
  security: 'signs for security, reads the log, releases, judges quarantine',
  approver: 'decides on acts that wait',
  analyst: 'reads the log, labels, isolates',
  auditor: 'reads, changes nothing',
  'agent-owner': 'answers for agents: sees what they reach, stops them',
  compliance: 'legal holds, retention, evidence',
}

export function PeoplePage(): ReactElement {
  const list = useVerb('user.list', {})
  const mayManage = useMay('user.update')
  return (
    <>
      <PageTitle>People</PageTitle>
      <Loaded of={list}>
        {({ users }) => (
          <Table
            name="people"
            rows={users}
            keyOf={({ id }) => id}
            columns={[
              { title: 'Person', text: ({ id }) => id, cell: ({ id }) => id },
              {
                title: 'Roles',
                text: ({ roles }) => roles.join(' '),
                cell: ({ roles }) => roles.map((role) => <Badge key={role}>{role}</Badge>),
              },
              {
                title: 'Since',
                text: ({ createdMs }) => new Date(createdMs).toISOString(),
                cell: ({ createdMs }) => <Time at={createdMs} />,
              },
              {
                title: 'State',
                text: ({ disabledMs }) => (disabledMs === undefined ? 'active' : 'disabled'),
                cell: ({ disabledMs }) => (
                  <Badge tone={disabledMs === undefined ? 'good' : 'bad'}>{disabledMs === undefined ? 'active' : 'disabled'}</Badge>
                ),
              },
              { title: '', text: () => '', cell: (person) => mayManage && <Manage person={person} /> },
            ]}
          />
        )}
      </Loaded>
      {mayManage && <Create />}
    </>
  )
}

function Manage({ person: { id, disabledMs } }: { person: Person }): ReactElement {
  const client = useQueryClient()
  const { user } = useSession()
  const [isAsking, setAsking] = useState(false)
  const [link, setLink] = useState<string>()
  const { problem, attempt } = useAttempt()
  const isDisabled = disabledMs !== undefined
  const makeLink = (): Promise<void> =>
    attempt(async () => {
      const { token } = await call('user.link', { user: id })
      setLink(`${location.origin}/enrol#${token}`)
    })
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap gap-2">
        {!isDisabled && (
          <button type="button" className="button" onClick={() => void makeLink()}>
            Link to enrol
          </button>
        )}
        {user !== id && (
          <button type="button" className="button" onClick={() => setAsking(true)}>
            {isDisabled ? 'Enable' : 'Disable'}
          </button>
        )}
      </div>
      {link !== undefined && (
        <p>
          Works once, for {id} alone: <AgentText text={link} />
        </p>
      )}
      {problem !== undefined && <ProblemNote error={problem} />}
      {isAsking && (
        <Ask
          title={isDisabled ? `Enable ${id}` : `Disable ${id}`}
          act={isDisabled ? 'Enable' : 'Disable'}
          isBad={!isDisabled}
          onClose={() => setAsking(false)}
          onDone={() => void client.invalidateQueries()}
          run={(reason) => call('user.update', { user: id, disabled: !isDisabled, reason })}
        >
          {isDisabled ? 'What they have opens things again.' : 'Their sessions end now; their keys and passkeys open nothing.'}
        </Ask>
      )}
    </div>
  )
}

function Create(): ReactElement {
  const client = useQueryClient()
  const [user, setUser] = useState('')
  const [roles, setRoles] = useState<readonly Role[]>([])
  const { problem, attempt } = useAttempt()
  const create = (): Promise<void> =>
    attempt(async () => {
      await call('user.create', { user: user.trim(), roles: [...roles] })
      setUser('')
      setRoles([])
      await client.invalidateQueries()
    })
  return (
    <div className="mt-6 max-w-xl">
      <Part title="Somebody new">
        <form
          className="grid gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            void create()
          }}
        >
          <label className="grid gap-1">
            Name, in small letters
            <input
              className="field"
              required
              maxLength={64}
              pattern="[a-z0-9\-]+"
              value={user}
              onChange={(event) => setUser(event.target.value)}
            />
          </label>
          <fieldset>
            <legend>Roles</legend>
            <div className="grid gap-1">
              {(Object.entries(ROLES) as [Role, string][]).map(([role, what]) => (
                <label key={role} className="flex min-h-8 items-center gap-2">
                  <input
                    type="checkbox"
                    className="size-5"
                    checked={roles.includes(role)}
                    onChange={(event) => setRoles(event.target.checked ? [...roles, role] : roles.filter((one) => one !== role))}
                  />
                  <span>
                    {role} <span className="text-sm text-soft">{what}</span>
                  </span>
                </label>
              ))}
            </div>
          </fieldset>
          {problem !== undefined && <ProblemNote error={problem} />}
          <button type="submit" className="button-main">
            Register
          </button>
        </form>
      </Part>
    </div>
  )
}
