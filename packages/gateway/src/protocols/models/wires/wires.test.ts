import type { JsonObject } from '@sallyport/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Wire } from '../wire.ts'
import { anthropicCount, anthropicMessages } from './anthropic-messages/index.ts'
import { WIRES } from './index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiResponses } from './openai-responses/index.ts'

const MESSAGES = [{ role: 'user', content: 'a' }]
const BODIES = new Map<Wire, JsonObject>([
  [openaiChat, { model: 'default', messages: MESSAGES }],
  [openaiResponses, { model: 'default', input: 'a' }],
  [anthropicMessages, { model: 'default', messages: MESSAGES, max_tokens: 1 }],
  [anthropicCount, { model: 'default', messages: MESSAGES }],
])
const OWN: ReadonlySet<string> = new Set(['function', 'custom'])

describe.each([...BODIES])('$id', (wire, body) => {
  test('a plain request uses nothing beyond text', () => expect(wire.decode(body).features).toEqual([]))
  test('a tool of any type that is not the agent’s own is a feature by its name', () => {
    const anyType = fc.oneof(
      fc.constantFrom('mcp', 'web_search_20250305', 'code_interpreter', 'computer_use_preview', 'file_search', 'Function'),
      fc.string(),
    )
    fc.assert(
      fc.property(
        anyType.filter((type) => !OWN.has(type)),
        (type) => {
          expect(wire.decode({ ...body, tools: [{ type, name: 'a' }] }).features).toContain(type)
        },
      ),
    )
  })
  test('a member nobody knows is a feature by its name', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^x[a-z]{3,20}$/), (name) => {
        expect(wire.decode({ ...body, [name]: true }).features).toContain(`parameter:${name}`)
      }),
    )
  })
  test('R061: demoted, no system message is left and no word of it is lost', () => {
    const system =
      wire === openaiChat
        ? { ...body, messages: [{ role: 'developer', content: 'Rule.' }, ...MESSAGES] }
        : wire === openaiResponses
          ? { ...body, instructions: 'Rule.', input: [{ role: 'system', content: 'More.' }, ...MESSAGES] }
          : { ...body, system: [{ type: 'text', text: 'Rule.' }] }
    expect(wire.decode(system).turns.some(({ role }) => role === 'system')).toBe(true)
    const { turns } = wire.decode(wire.demoted(system))
    expect(turns.filter(({ role }) => role === 'system')).toEqual([])
    expect(turns.map(({ text }) => text).join(' ')).toContain('Rule.')
    const pinned = wire.decode(wire.withSystem(wire.demoted(system), 'Pinned.')).turns.filter(({ role }) => role === 'system')
    expect(pinned).toMatchObject([{ text: 'Pinned.' }])
  })
})

test.each([
  [openaiChat, { web_search_options: {} }, 'web_search'],
  [openaiChat, { modalities: ['text', 'audio'] }, 'attachments'],
  [openaiResponses, { previous_response_id: 'resp_1' }, 'stored_state'],
  [openaiResponses, { conversation: 'conv_1' }, 'stored_state'],
  [openaiResponses, { prompt: { id: 'pmpt_1' } }, 'stored_prompt'],
  [openaiResponses, { background: true }, 'background'],
  [openaiResponses, { input: [{ type: 'item_reference', id: 'a' }] }, 'stored_state'],
  [openaiResponses, { input: [{ type: 'mcp_approval_response', approve: true }] }, 'mcp_approval_response'],
  [anthropicMessages, { mcp_servers: [{ type: 'url' }] }, 'mcp'],
  [anthropicMessages, { container: 'c' }, 'container'],
  [
    anthropicMessages,
    { messages: [{ role: 'assistant', content: [{ type: 'server_tool_use', name: 'web_search' }] }] },
    'web_search',
  ],
  [
    anthropicMessages,
    { messages: [{ role: 'user', content: [{ type: 'tool_result', content: [{ type: 'image' }] }] }] },
    'attachments',
  ],
] as const)('what reaches past the gateway is a feature: %#', (wire, more, feature) => {
  expect(wire.decode({ ...BODIES.get(wire), ...(more as JsonObject) }).features).toContain(feature)
})
test('each wire has a path of its own', () => {
  expect(new Set(WIRES.map(({ path }) => path)).size).toBe(WIRES.length)
})
