import type { Entry } from '@sallyport/core'
import { expect, test } from 'vitest'
import { graphOf } from './graph-of.ts'

const tool = { scope: 'read', tier: 'low', waits: false, refused: [] }
const reach = {
  tasks: [
    {
      tools: [
        { ...tool, tool: 'crm.find' },
        { ...tool, tool: 'mail.send', scope: 'write', tier: 'high', waits: true, domains: ['acme.example'] },
        { ...tool, tool: 'web.post', scope: 'write' },
      ],
    },
  ],
}

function seen(type: 'decision' | 'outcome', name: string, more: object = {}): Entry {
  const [server, of] = name.split('.')
  return { type, action: { kind: 'tool.call', server, name: of }, enforced: 'allow', ...more } as Entry
}

test('R010: from the agent over its tools and the data they touch to where they take it, with what was stopped', () => {
  const flow = { classes: ['pii'] }
  const { nodes, edges } = graphOf('clerk', reach as never, [
    seen('decision', 'crm.find'),
    seen('outcome', 'crm.find', { detected: ['pii'] }),
    seen('decision', 'mail.send', { flow }),
    seen('decision', 'web.post', { flow, enforced: 'deny' }),
    seen('decision', 'shell.<b>\u202Erun', { enforced: 'deny' }),
  ])
  const way = (from: string, to: string) => edges.find((one) => one.from === from && one.to === to)
  expect(way('agent:clerk', 'tool:crm.find')).toMatchObject({ by: 'granted', allowed: 1, stopped: 0 })
  expect(way('tool:crm.find', 'data:pii')).toMatchObject({ by: 'seen', allowed: 1 })
  expect(way('data:pii', 'destination:acme.example')).toMatchObject({ allowed: 1, stopped: 0 })
  expect(way('data:pii', 'destination:anyone web reaches')).toMatchObject({ allowed: 0, stopped: 1 })
  expect(way('tool:mail.send', 'destination:acme.example')).toMatchObject({ by: 'granted' })
  expect(nodes.find(({ id }) => id === 'tool:mail.send')).toMatchObject({ note: 'write, high, a person decides', isBad: true })
  expect(nodes.find(({ id }) => id.startsWith('tool:shell'))).toMatchObject({
    label: 'shell.<b>\\u{202e}run',
    note: 'not granted',
    isBad: true,
  })
})
