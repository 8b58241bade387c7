import { ed25519 } from '@noble/curves/ed25519.js'
import { expect, test } from 'vitest'
import { formatLogList, judgeLogList, LISTED_LOGS_MAX, parseLogList, verifyLogList, type LogList } from './log-list.ts'
import { formatNoteKey, signNote } from './note.ts'

const secret = new Uint8Array(32).fill(5)
const auditor = { name: 'auditor.example/lists', publicKey: ed25519.getPublicKey(secret) }
const log = (n: number, sizeMin: number) => ({
  key: { name: `sallyport/log-${n}`, publicKey: ed25519.getPublicKey(new Uint8Array(32).fill(n)) },
  sizeMin,
})
const LIST: LogList = { deployment: 'acme production', atMs: Date.UTC(2026, 10, 21), logs: [log(1, 100), log(2, 0)] }
const NOTE = await signNote(formatLogList(LIST), auditor, (bytes) => ed25519.sign(bytes, secret))

test('R117: a signed list reads back, and only under its signer', () => {
  expect(verifyLogList(NOTE, [auditor])).toEqual(LIST)
  expect(verifyLogList(NOTE, [log(1, 0).key])).toEqual({ fault: 'unsigned_by_trusted' })
  expect(verifyLogList(NOTE.replace(' 100\n', ' 10\n'), [auditor])).toEqual({ fault: 'signature_wrong' })
  expect(verifyLogList('', [auditor])).toEqual({ fault: 'malformed' })
})

test('R117: a log that is missing, shorter than listed, or not listed is reported', () => {
  const found = (n: number, size: number) => ({ origin: `sallyport/log-${n}`, size })
  expect(judgeLogList(LIST, [found(1, 100), found(2, 5)])).toEqual([])
  expect(judgeLogList(LIST, [found(1, 99), found(3, 7)])).toEqual([
    { reason: 'log_short', origin: 'sallyport/log-1', expected: 100, size: 99 },
    { reason: 'log_missing', origin: 'sallyport/log-2', expected: 0 },
    { reason: 'log_unlisted', origin: 'sallyport/log-3', size: 7 },
  ])
})

const text = formatLogList(LIST)
test.each([
  ['another first line', text.replace('v1', 'v2')],
  ['no deployment', text.replace('acme production', ' ')],
  ['a time of another form', text.replace('T00:00:00Z', ' 00:00')],
  ['a time that does not exist', text.replace('2026-11-21', '2026-13-41')],
  ['a negative size', text.replace(' 100\n', ' -1\n')],
  ['a key that is none', text.replace(formatNoteKey(log(1, 0).key), 'key')],
  ['a log twice', formatLogList({ ...LIST, logs: [log(1, 1), log(1, 2)] })],
  [
    'too many logs',
    formatLogList({
      ...LIST,
      logs: Array.from({ length: LISTED_LOGS_MAX + 1 }, (_, i) => ({ ...log(1, 0), key: { ...log(1, 0).key, name: `log-${i}` } })),
    }),
  ],
  ['no end', text.slice(0, -1)],
])('a list with %s is malformed', (_, spoilt) => {
  expect(parseLogList(spoilt)).toBeUndefined()
})
