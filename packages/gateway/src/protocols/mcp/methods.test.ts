import { describe, expect, test } from 'vitest'
import { METHODS } from './methods.ts'

describe('methods that are not in the table are refused', () => {
  test.each([
    'constructor',
    'toString',
    'hasOwnProperty',
    '__proto__',
    'valueOf',
    'tools/delete',
    'TOOLS/CALL',
    'tools/call ',
    '',
    'tasks/list',
    'tasks/result',
    'roots/list',
    'sampling/createMessage',
    'elicitation/create',
  ])('%j', (method) => {
    expect(METHODS.modern[method]).toBeUndefined()
    expect(METHODS.legacy[method]).toBeUndefined()
  })
})

test('each revision has its own way to open, to subscribe and to log', () => {
  expect(METHODS.modern['initialize']).toBeUndefined()
  expect(METHODS.modern['resources/subscribe']).toBeUndefined()
  expect(METHODS.modern['logging/setLevel']).toBeUndefined()
  expect(METHODS.modern['ping']).toBeUndefined()
  expect(METHODS.legacy['server/discover']).toBeUndefined()
  expect(METHODS.legacy['subscriptions/listen']).toBeUndefined()
  expect(METHODS.legacy['tasks/get']).toBeUndefined()
  expect(METHODS.modern['server/discover']).toEqual({ act: 'session.open' })
  expect(METHODS.legacy['initialize']).toEqual({ act: 'session.open' })
})

test('R005: everything that reaches a server is an act under the pipeline', () => {
  for (const table of Object.values(METHODS)) {
    for (const [method, handling] of Object.entries(table)) {
      if (/^(?:tools|resources|prompts|completion)\//.test(method)) expect(handling, method).toHaveProperty('act')
    }
  }
})
