import { cosignaturesOf, formatNoteKey, GatewayError, parseCheckpoint, parseNote, parseNoteKey } from '@sallyport/core'
import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import { defineCommand, type Act } from '../../define-command.ts'
import { ended } from '../../ended.ts'
import { collect } from '../../options.ts'
import { openWitness } from './open-witness.ts'
import { serveWitness } from './serve-witness.ts'
import { makeWitness, openWitnessFolder, originHash } from './witness-folder.ts'

const Key = z.strictObject({ dir: z.string(), key: z.string() })
const Trusted = z.strictObject({ origin: z.string(), keys: z.int() })
const Serving = z.strictObject({ url: z.string(), key: z.string(), logs: z.int() })
const Status = z.strictObject({
  key: z.string(),
  logs: z.array(
    z.strictObject({
      origin: z.string(),
      hash: z.string().meta({ description: 'Where the checkpoint is served: /<hash>/checkpoint.' }),
      size: z.int(),
      at: z.string().optional().meta({ description: 'When it was cosigned.' }),
    }),
  ),
})

const DIR = ['--dir <folder>', 'folder of the witness, apart from every gateway'] as const

interface ServeFlags {
  readonly dir: string
  readonly listen: { readonly host: string; readonly port: number }
  readonly host?: string[]
  readonly tlsCert?: string
  readonly tlsKey?: string
}

export const command = defineCommand({
  configure(command, act) {
    command
      .command('init')
      .description('make a witness: its folder and its key')
      .requiredOption(...DIR)
      .requiredOption('--name <name>', 'what names it in notes, such as witness.example/w1')
      .action(
        act(Key, (_, { dir, name }: { dir: string; name: string }) => {
          const folder = makeWitness(dir, name)
          const key = formatNoteKey(folder.key, 'cosignature')
          return { output: { dir: folder.dir, key }, text: key }
        }),
      )
    command
      .command('key')
      .description('the public key of the witness; gateways and auditors need it')
      .requiredOption(...DIR)
      .action(
        act(Key, (_, { dir }: { dir: string }) => {
          const folder = openWitnessFolder(dir)
          const key = formatNoteKey(folder.key, 'cosignature')
          return { output: { dir: folder.dir, key }, text: key }
        }),
      )
    command
      .command('trust <key>')
      .description('cosign the log with this public key (see "audit key"); a running witness sees it at once')
      .requiredOption(...DIR)
      .action(
        act(Trusted, (_, text: string, { dir }: { dir: string }) => {
          const key = parseNoteKey(text.trim())
          if (!key) throw new GatewayError('REQUEST_PARAMS', 'not the public key of a log')
          const folder = openWitnessFolder(dir)
          folder.trust(key)
          const keys = folder.trusted().filter(({ name }) => name === key.name).length
          return { output: { origin: key.name, keys }, text: `cosigns ${key.name} from now on (${keys} of its keys trusted)` }
        }),
      )
    command
      .command('status')
      .description('the logs it cosigns and how far')
      .requiredOption(...DIR)
      .action(act(Status, (_, { dir }: { dir: string }) => status(dir)))
    addServe(command, act)
  },
})

function addServe(command: Command, act: Act): void {
  command
    .command('serve')
    .description('run the witness: POST /add-checkpoint and GET /<origin hash>/checkpoint')
    .requiredOption(...DIR)
    .option('--listen <address>', 'where (127.0.0.1:7720)', parseAddress, { host: '127.0.0.1', port: 7_720 })
    .option('--host <name>', 'another Host that requests may name, with its port; repeat it', collect)
    .option('--tls-cert <file>', 'certificate; needed off loopback')
    .option('--tls-key <file>', 'its private key')
    .action(
      act(Serving, async (context, flags: ServeFlags) => {
        const folder = openWitnessFolder(flags.dir)
        const unlock = folder.lock()
        const { tlsCert, tlsKey } = flags
        const server = await serveWitness(openWitness(folder, { nowMs: Date.now }), {
          ...flags.listen,
          names: flags.host ?? [],
          ...(tlsCert !== undefined && tlsKey !== undefined && { tls: { certFile: tlsCert, keyFile: tlsKey } }),
          log: (line) => process.stderr.write(`${new Date().toISOString()} ${line}\n`),
        })
        const key = formatNoteKey(folder.key, 'cosignature')
        const output = { url: server.url, key, logs: folder.trusted().length }
        context.write(context.json ? JSON.stringify(output) : `witness on ${server.url}\nkey ${key}`)
        await ended()
        await server.close()
        unlock()
        return { output, text: '', isPrinted: true }
      }),
    )
}

function status(dir: string): { output: z.infer<typeof Status>; text: string } {
  const folder = openWitnessFolder(dir)
  const origins = [...new Set(folder.trusted().map(({ name }) => name))].sort()
  const logs = origins.map((origin) => {
    const hash = originHash(origin)
    const note = folder.newest(hash) ?? ''
    const found = cosignaturesOf(note, [folder.key])
    const timeS = 'fault' in found ? undefined : found[0]?.timeS
    const size = parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0
    return { origin, hash, size, ...(timeS !== undefined && { at: new Date(timeS * 1_000).toISOString() }) }
  })
  const lines = logs.map(
    ({ origin, size, at }) => `${origin}  ${size} entries  ${at === undefined ? 'never cosigned' : `cosigned ${at}`}`,
  )
  return { output: { key: formatNoteKey(folder.key, 'cosignature'), logs }, text: lines.join('\n') || 'no log is trusted yet' }
}

/** `host:port`, for commander. */
function parseAddress(text: string): ServeFlags['listen'] {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host === '' || Number(port) > 65_535) throw new InvalidArgumentError('write host:port.')
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
