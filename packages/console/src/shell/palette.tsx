import { shownText } from '@sallyport/core'
import { useNavigate, useRouter } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { forgetView, saveView, useViews } from '../saved-views.ts'
import { useSession, useVerb } from '../use-verb.ts'
import { pagesFor } from './pages.ts'

/** ⌘K or Ctrl-K: any page, agent or entry by name. */
export function Palette(): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null)
  const [isOpen, setOpen] = useState(false)
  // Known before it is opened, so that whoever types fast finds it.
  const { data } = useVerb('agent.list', {})
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'k' || !(event.metaKey || event.ctrlKey)) return
      event.preventDefault()
      setOpen(true)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
  useEffect(() => {
    if (isOpen) dialog.current?.showModal()
    else dialog.current?.close()
  }, [isOpen])
  return (
    <>
      <button type="button" className="button w-full justify-between" onClick={() => setOpen(true)}>
        Go to… <kbd className="text-soft">Ctrl K</kbd>
      </button>
      <dialog
        ref={dialog}
        onClose={() => setOpen(false)}
        aria-label="Go to"
        className="mx-auto mt-24 w-[min(34rem,calc(100vw-1rem))] rounded-lg border border-line bg-panel p-2 text-ink"
      >
        {isOpen && <Choices agents={data?.agents ?? []} onChosen={() => setOpen(false)} />}
      </dialog>
    </>
  )
}

function Choices({ agents, onChosen }: { agents: readonly { readonly id: string }[]; onChosen: () => void }): ReactElement {
  const navigate = useNavigate()
  const { history } = useRouter()
  const { may } = useSession()
  const views = useViews()
  const [text, setText] = useState('')
  const named = /^save (.+)$/i.exec(text.trim())?.[1]
  const go = (to: string): void => {
    onChosen()
    void navigate({ to })
  }
  const done = (act: () => void) => (): void => {
    act()
    onChosen()
  }
  return (
    <Command label="Go to">
      <Command.Input
        autoFocus
        className="field"
        placeholder="A page, an agent, the number of an entry; or save and a name"
        value={text}
        onValueChange={setText}
      />
      <Command.List className="mt-2 max-h-80 overflow-y-auto">
        {views.map(({ name, to }) => (
          <Choice key={name} onSelect={done(() => history.push(to))}>{`View ${shownText(name)}`}</Choice>
        ))}
        <Command.Empty className="p-2 text-soft">Nothing of that name.</Command.Empty>
        {/^\d{1,15}$/.test(text) && <Choice onSelect={() => go(`/decisions/${text}`)}>{`Entry ${text}`}</Choice>}
        {pagesFor(may).map(({ to, title }) => (
          <Choice key={to} onSelect={() => go(to)}>
            {title}
          </Choice>
        ))}
        {agents.map(({ id: agent }) => (
          <Choice key={agent} onSelect={() => go(`/agents/${agent}`)}>{`Agent ${agent}`}</Choice>
        ))}
        {/forget/i.test(text) &&
          views.map(({ name }) => (
            <Choice key={`forget ${name}`} onSelect={done(() => forgetView(name))}>{`Forget view ${shownText(name)}`}</Choice>
          ))}
        {named !== undefined && (
          <Choice
            isLast
            onSelect={done(() => saveView({ name: named, to: history.location.href }))}
          >{`Save this view as ${shownText(named)}`}</Choice>
        )}
      </Command.List>
    </Command>
  )
}

function Choice({
  onSelect,
  children,
  isLast = false,
}: {
  onSelect: () => void
  children: string
  /** There whatever was typed, and below all that fits it. */
  isLast?: boolean
}): ReactElement {
  return (
    <Command.Item
      value={isLast ? 'last' : children}
      forceMount={isLast}
      onSelect={onSelect}
      className="cursor-pointer rounded px-2 py-2 data-[selected=true]:bg-sunk data-[selected=true]:font-semibold"
    >
      {children}
    </Command.Item>
  )
}
