import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Question, type Reply, openReply } from './reply.ts'

/** A response that remembers what is written. */
class FakeResponse extends EventEmitter {
  status = 0
  headers: Record<string, unknown> = {}
  text = ''
  headersSent = false
  writableEnded = false
  destroyed = false
  writableLength = 0
  writeHead(status: number, headers: Record<string, unknown>): this {
    Object.assign(this, { status, headers, headersSent: true })
    return this
  }
  flushHeaders(): void {}
  write(text: string): void {
    this.text += text
  }
  end(text = ''): void {
    this.text += text
    this.writableEnded = true
  }
}

function opened(streams = true): { response: FakeResponse; reply: Reply; questions: Map<string, Question> } {
  const response = new FakeResponse()
  const questions = new Map<string, Question>()
  return {
    response,
    questions,
    reply: openReply({ response: response as unknown as ServerResponse, streams, owner: 'session-1', questions }),
  }
}
const RESULT = { jsonrpc: '2.0', id: 1, result: {} }
const never = new AbortController().signal

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('what the client gets', () => {
  test('one JSON body when there is nothing to say before it', () => {
    const { response, reply } = opened()
    reply.end(RESULT, 404)
    expect(response).toMatchObject({ status: 404, text: JSON.stringify(RESULT), headers: { 'content-type': 'application/json' } })
  })

  test('an event stream when there is, with the result as its last event', () => {
    const { response, reply } = opened()
    reply.notify('notifications/progress', { progress: 1 })
    reply.end(RESULT, 403)
    expect(response).toMatchObject({
      status: 200,
      writableEnded: true,
      headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
    })
    expect(response.text).toBe(
      `event: message\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}\n\nevent: message\ndata: ${JSON.stringify(RESULT)}\n\n`,
    )
  })

  test('only the JSON body when it takes no stream', () => {
    const { response, reply } = opened(false)
    reply.notify('notifications/progress', {})
    expect(reply.stream()).toBe(false)
    reply.end(RESULT)
    expect(response.text).toBe(JSON.stringify(RESULT))
  })

  test('one answer, never two, and none once it has gone', () => {
    const { response, reply } = opened()
    reply.end(RESULT)
    reply.end({ other: 1 })
    expect(response.text).toBe(JSON.stringify(RESULT))
    const gone = opened()
    gone.response.destroyed = true
    gone.reply.end(RESULT)
    expect(gone.response.text).toBe('')
  })

  test('a stream is kept alive by comments, as long as the client is there', () => {
    const { response, reply } = opened()
    reply.stream()
    vi.advanceTimersByTime(30_000)
    expect(response.text).toBe(': \n\n: \n\n')
    response.emit('close')
    vi.advanceTimersByTime(60_000)
    expect(response.text).toBe(': \n\n: \n\n')
  })

  test('a client that does not read is not written to without end', () => {
    const { response, reply } = opened()
    reply.notify('notifications/progress', {})
    const before = response.text
    response.writableLength = 1_048_576
    reply.notify('notifications/progress', {})
    expect(response.text).toBe(before)
  })
})

describe('questions', () => {
  test('go out on the stream under an id nobody can guess, and the answer comes back', async () => {
    const { response, reply, questions } = opened()
    const answer = reply.ask('elicitation/create', { message: 'sure?' }, never)
    const [id, question] = [...questions][0] ?? []
    expect(id).toHaveLength(22)
    expect(response.text).toContain(`"id":"${id}","method":"elicitation/create"`)
    expect(question?.owner).toBe('session-1')
    question?.resolve({ action: 'accept' })
    expect(await answer).toEqual({ action: 'accept' })
    expect(questions.size).toBe(0)
  })

  test('a client without a stream cannot be asked', async () => {
    await expect(opened(false).reply.ask('roots/list', {}, never)).rejects.toMatchObject({ code: -32_601 })
  })

  test('silence ends after five minutes', async () => {
    const { reply, questions } = opened()
    const answer = reply.ask('roots/list', {}, never).catch((error: unknown) => error)
    vi.advanceTimersByTime(299_999)
    expect(questions.size).toBe(1)
    vi.advanceTimersByTime(1)
    expect(await answer).toMatchObject({ code: -32_603 })
    expect(questions.size).toBe(0)
  })

  test('a cut-off ends the wait at once, before or while it is asked', async () => {
    const { reply, questions } = opened()
    const abort = new AbortController()
    const answer = reply.ask('roots/list', {}, abort.signal).catch((error: unknown) => error)
    abort.abort()
    expect(await answer).toMatchObject({ code: 'UPSTREAM_CANCELLED' })
    await expect(reply.ask('roots/list', {}, abort.signal)).rejects.toMatchObject({ code: 'UPSTREAM_CANCELLED' })
    expect(questions.size).toBe(0)
  })
})
