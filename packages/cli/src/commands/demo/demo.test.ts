import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseProof } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXAMPLE_MANIFEST } from '../../example/index.ts'
import { type Measured, checkClaims, deniedToolCalls } from './claims.ts'
import { type DemoCall, DemoReport } from './report.ts'
import { runDemo } from './run-demo.ts'
import { obey, READ_POISON, WORK } from './script.ts'
import { openTeller } from './tell.ts'

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url))
const RUN_MS_MAX = 20_000

interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env }, timeout: 2 * RUN_MS_MAX }
    execFile(process.execPath, ['--conditions=sallyport-source', MAIN, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr })
    })
  })
}

describe('as a person runs it', () => {
  let run: Run
  let report: DemoReport
  let temporary: string
  beforeAll(async () => {
    temporary = mkdtempSync(join(tmpdir(), 'sallyport-test-'))
    run = await runCli(['demo', '--json'], { TMPDIR: temporary })
    report = DemoReport.parse(JSON.parse(run.stdout))
  })

  test('R001, R292: every claim holds and the exit code says so', () => {
    expect(report.claims.filter((claim) => !claim.ok)).toEqual([])
    expect([run.code, run.stderr, report.ok]).toEqual([0, '', true])
    expect(report.durationMs).toBeLessThan(RUN_MS_MAX)
  })

  test('the honest task is done to the end', () => {
    const work = report.calls.filter((call) => call.part === 'work')
    expect(work.map((call) => [call.target, call.outcome])).toEqual(
      [...WORK, ...READ_POISON].map((_, i) => [work[i]?.target, 'allowed']),
    )
    expect(work.map((call) => call.target)).toContain('erp.updatePurchaseOrder')
  })

  test('R002, R004: what the document asks for is tried, refused with its reason, and reaches no server', () => {
    const obeyed = report.calls.filter((call) => call.part === 'obey')
    expect(obeyed.slice(0, 5).map((call) => [call.target, call.outcome, call.reasons])).toEqual([
      ['mail.sendExternal', 'denied', ['explicitly_denied', 'tool_not_in_manifest']],
      ['mail.sendInternal', 'denied', ['recipient_not_allowed']],
      ['erp.payInvoice', 'denied', ['explicitly_denied', 'tool_not_in_manifest']],
      ['erp.exportTable', 'denied', ['tool_not_in_manifest']],
      ['manifest.update', 'denied', ['tool_not_in_manifest']],
    ])
    expect(report.deniedToolCalls).toEqual({
      'mail.sendExternal': 0,
      'mail.sendInternal': 0,
      'erp.payInvoice': 0,
      'erp.exportTable': 0,
      'manifest.update': 0,
    })
  })

  test('R045: the agent’s credential opens no administrative address, and each attempt is on record', () => {
    const admin = report.calls.filter((call) => call.target.startsWith('POST '))
    expect(admin.length).toBeGreaterThan(0)
    expect(admin.map((call) => [call.outcome, call.reasons, call.entry !== undefined])).toEqual(
      admin.map(() => ['denied', ['REQUEST_PATH'], true]),
    )
  })

  test('R123: every call has its own entry, in the order of the story', () => {
    const entries = report.calls.map((call) => call.entry ?? -1)
    expect(entries).toEqual([...new Set(entries)].toSorted((a, b) => a - b))
    expect(report.audit).toMatchObject({ ok: true })
    expect(parseProof(report.proof?.text ?? '')?.index).toBe(report.calls.find((call) => call.target === 'erp.payInvoice')?.entry)
  })

  test('the home folder of the demo is gone afterwards', () => {
    expect(readdirSync(temporary)).toEqual([])
  })

  afterAll(() => rmSync(temporary, { recursive: true, force: true }))
})

test('as text it is plain when nobody looks at it in a terminal', async () => {
  const { code, stdout } = await runCli(['demo'], { FORCE_COLOR: '1' })
  expect(code).toBe(0)
  expect(stdout).not.toContain('\u001b')
  expect(stdout).toMatch(/denied +#\d+ +erp\.payInvoice/)
  expect(stdout).toMatch(/11 of 11 claims hold/)
})

describe('R001: the zeros are the gateway’s doing', () => {
  test('with a manifest that grants one denied read, the same call goes through and the demo fails', async () => {
    const inbox = '      mail.listInbox:'
    const report = await runDemo({
      manifest: EXAMPLE_MANIFEST.replace(inbox, `      erp.exportTable: { scope: read, tier: low }\n${inbox}`),
    })
    const exported = report.calls.find((call) => call.part === 'obey' && call.target === 'erp.exportTable')
    expect(exported).toMatchObject({ outcome: 'allowed', isExpected: false })
    expect(report.deniedToolCalls).toMatchObject({ 'erp.exportTable': 1, 'erp.payInvoice': 0 })
    expect(report.ok).toBe(false)
    expect(report.claims.filter((claim) => !claim.ok).map((claim) => claim.claim)).toContain('no denied call reached a tool server')
  })
})

describe('claims', () => {
  const call: DemoCall = {
    part: 'obey',
    says: '',
    target: 'erp.payInvoice',
    outcome: 'denied',
    reasons: ['explicitly_denied'],
    entry: 3,
    answer: '',
    isExpected: true,
  }
  const good: Measured = {
    calls: [call],
    countsAfterObeying: {},
    countsAtEnd: { 'erp.exportTable': 1 },
    supplierFields: ['contact', 'name', 'rating'],
    lettersSent: 0,
    rights: { before: 'a', after: 'a' },
    effects: new Map([[3, 'deny']]),
    audit: { ok: true, entries: 4, rootHash: '' },
    proof: { entry: 3, ok: true, text: '' },
  }
  const failing = (measured: Partial<Measured>) => checkClaims({ ...good, ...measured }).filter((claim) => !claim.ok)

  test('all hold when all is well', () => expect(failing({})).toEqual([]))

  test.each<[string, Partial<Measured>]>([
    ['an unexpected outcome', { calls: [{ ...call, isExpected: false }] }],
    ['a denied call that arrived', { countsAfterObeying: { 'erp.payInvoice': 1 } }],
    [
      'an allowed call that no server counted',
      {
        calls: [{ ...call, part: 'work', target: 'mail.listInbox', outcome: 'allowed', entry: 3 }],
        effects: new Map([[3, 'allow']]),
      },
    ],
    ['a field that was not granted', { supplierFields: ['contact', 'iban', 'name', 'rating'] }],
    ['a letter in the outbox', { lettersSent: 1 }],
    ['rights that changed', { rights: { before: 'a', after: 'b' } }],
    ['a cross-check that did not arrive', { countsAtEnd: {} }],
    ['a call without an entry', { effects: new Map() }],
    ['an entry with another effect', { effects: new Map([[3, 'allow']]) }],
    ['a log that does not verify', { audit: { ok: false, entries: 4, rootHash: '', problem: 'entry_changed at entry 2' } }],
    ['a proof that does not verify', { proof: { entry: 3, ok: false, text: '', fault: 'x' } }],
  ])('%s fails exactly one claim', (_, measured) => expect(failing(measured)).toHaveLength(1))

  test('only tools of the hijack are counted as denied', () => {
    expect(
      deniedToolCalls([call, { ...call, part: 'work', target: 'mail.listInbox' }, { ...call, target: 'POST /admin' }], {}),
    ).toEqual({ 'erp.payInvoice': 0 })
  })
})

test('a document without instructions makes the agent do nothing', () => {
  expect(obey('# Terms\n\nPayment within 30 days.', [])).toEqual([])
})

test('colours are used only when asked for', () => {
  const lines = (isColoured: boolean) => {
    const written: string[] = []
    openTeller((line) => written.push(line), isColoured).part('work')
    return written.join('\n')
  }
  expect(lines(true)).toContain('\u001b[')
  expect(lines(false)).not.toContain('\u001b')
})
