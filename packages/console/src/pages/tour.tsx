import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { setPrefs, usePrefs } from '../prefs.ts'
import { useMay, useVerb } from '../use-verb.ts'

/** Two minutes for whoever is new: what there is to see first. Whoever is done with it has it gone, in this browser. */
export function Tour(): ReactElement | null {
  const { isTourDone } = usePrefs()
  return isTourDone ? null : <Steps />
}

function Steps(): ReactElement {
  const agents = useVerb('agent.list', {}).data?.agents ?? []
  const mayRead = useMay('audit.tail')
  const signed = agents.find(({ manifest }) => manifest?.signed === true)
  const agent = (signed ?? agents[0])?.id
  return (
    <section className="panel mb-4" aria-label="First steps">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="text-lg font-semibold">First steps, two minutes</h2>
        <button type="button" className="button" onClick={() => setPrefs({ isTourDone: true })}>
          Done with it
        </button>
      </div>
      <ol className="mt-2 grid list-decimal gap-1 pl-5">
        <li>
          {agent === undefined ? (
            'Register an agent: sallyport agent create <agent> --task <task>'
          ) : (
            <Link to="/agents/$agent" params={{ agent }} className="link">
              See what {agent} can reach{signed ? '' : ', and sign its manifest'}
            </Link>
          )}
        </li>
        <li>
          <Link to="/setup" search={agent === undefined ? {} : { agent }} className="link">
            Connect a client, and see its first request
          </Link>
        </li>
        {mayRead && (
          <li>
            <Link to="/audit" search={{ effect: 'deny' }} className="link">
              Open something that was refused: its reasons, and what would change it
            </Link>
          </li>
        )}
        <li>
          <Link to="/approvals" className="link">
            Where acts wait for people
          </Link>
        </li>
        <li>Ctrl K goes anywhere; “save” and a name keep where you are.</li>
      </ol>
    </section>
  )
}
