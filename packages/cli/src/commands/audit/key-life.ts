import { join } from 'node:path'
import {
  CHECKPOINT_PATH,
  formatNoteKey,
  fromUtf8,
  GatewayError,
  parseCheckpoint,
  parseNote,
  parseNoteKey,
  PROOF_BYTES_MAX,
  type EntryBody,
  type NoteKey,
} from '@sallyport/core'
import {
  beginRotation,
  loadConfig,
  logReader,
  openHome,
  openHomeLog,
  openSqliteStore,
  openState,
  planKeyStatement,
  revokeKey,
  type Home,
  type State,
} from '@sallyport/gateway'
import type { Command } from 'commander'
import { z } from 'zod'
import { openClient } from '../../control-client.ts'
import type { Act, Context } from '../../define-command.ts'
import { parseCount } from '../../options.ts'
import { readText } from './read-text.ts'

const History = z.strictObject({
  origin: z.string(),
  keys: z.array(z.strictObject({ key: z.string(), from: z.int(), to: z.int().optional() })),
  history: z.string().meta({ description: 'Signed statements; verifiers need them where there was more than one key.' }),
})
type History = z.infer<typeof History>

/** Commands for the life of the log's key. A log has one key at a time, so the gateway must not run. */
export function addKeyCommands(command: Command, act: Act): void {
  command
    .command('keys')
    .description('every key the log had, with the sizes each counts for, and the signed statements that say so')
    .action(act(History, (context) => shown(openHome(context.homeDir, { create: false }))))
  command
    .command('rotate-key')
    .description('give the log a new key; old and new key sign that, and the log records it')
    .action(act(History, (context) => rotate(context)))
  command
    .command('revoke-key')
    .description('revoke an earlier key of the log beyond a size; the key in force signs that')
    .requiredOption('--key <key>', 'the public key to revoke')
    .requiredOption('--size <entries>', 'largest size its checkpoints still count at', parseCount)
    .action(
      act(History, async (context, flags: { key: string; size: number }) => {
        const home = openHome(context.homeDir, { create: false })
        return add(context, await revokeKey(home.keyring, requireKey(flags.key), flags.size))
      }),
    )
  command
    .command('add-statement <file>')
    .description('add what "root sign-key" or "root revoke-key" wrote to the history of the log’s keys')
    .option('--root <key>', 'public key of the root that signed, to be trusted by this home from now on')
    .action(
      act(History, (context, file: string, flags: { root?: string }) =>
        add(context, readText(file, PROOF_BYTES_MAX), flags.root === undefined ? undefined : requireKey(flags.root)),
      ),
    )
}

async function rotate(context: Context) {
  const home = requireEmbedded(context)
  await openClient(context).call('audit.key', { act: 'rotate' })
  await withState(home, async (state) => {
    const note = fromUtf8((await logReader(home.logDir)(CHECKPOINT_PATH)) ?? new Uint8Array()) ?? ''
    const size = parseCheckpoint(parseNote(note)?.text ?? '')?.size
    if (size === undefined) throw new GatewayError('AUDIT_INVALID', 'the log has no readable checkpoint')
    await beginRotation(join(home.dir, 'keys'), size)
    // Whoever opens the log with a rotation decided completes it.
    await (await openLog(openHome(home.dir, { create: false }), state)).close()
  })
  return shown(openHome(home.dir, { create: false }))
}

async function add(context: Context, note: string, root?: NoteKey) {
  const home = requireEmbedded(context)
  const plan = planKeyStatement(join(home.dir, 'keys'), note, root)
  const { act, key, origin, size } = plan.statement
  if (act === 'rotate') throw new GatewayError('REQUEST_PARAMS', 'a rotation is made with "audit rotate-key"')
  await openClient(context).call('audit.key', { act, statement: note })
  await withState(home, async (state) => {
    plan.apply()
    const log = await openLog(openHome(home.dir, { create: false }), state)
    const entry: EntryBody = {
      type: 'admin',
      actor: { type: 'system', id: 'sallyport' },
      verb: act === 'revoke' ? 'log.key.revoked' : 'log.key.certified',
      target: origin,
      outcome: 'done',
      detail: { key: formatNoteKey(key), size, statement: note },
    }
    await log.append(entry).finally(() => log.close())
  })
  return shown(openHome(home.dir, { create: false }))
}

function openLog(home: Home, state: State) {
  return openHomeLog({ home, state, checkpointMs: loadConfig(home.configFile).config.checkpointMs, nowMs: Date.now })
}

/** Under the lock of the home folder. */
async function withState(home: Home, run: (state: State) => Promise<void>): Promise<void> {
  const state = await openState(openSqliteStore(home.stateFile))
  await run(state).finally(() => state.close())
}

/** Replicas of a shared log would go on signing with the key they started with. */
function requireEmbedded(context: Context): Home {
  const home = openHome(context.homeDir, { create: false })
  if (loadConfig(home.configFile, context.env).config.store.type !== 'embedded')
    throw new GatewayError('CONFLICT', 'the key of a shared log cannot be changed yet; only that of an embedded one')
  return home
}

function requireKey(text: string): NoteKey {
  const key = parseNoteKey(text.trim())
  if (!key) throw new GatewayError('REQUEST_PARAMS', 'not a public key')
  return key
}

function shown({ keyring }: Home): { output: History; text: string } {
  const keys = keyring.keys.map(({ from = 0, to, ...key }) => ({ key: formatNoteKey(key), from, ...(to !== undefined && { to }) }))
  const lines = keys.map(({ key, from, to }) => `${key}  from ${from}${to === undefined ? ', in force' : ` to ${to}`}`)
  const { origin, history } = keyring
  return { output: { origin, keys, history }, text: [...lines, ...(history === '' ? [] : ['', history.trimEnd()])].join('\n') }
}
