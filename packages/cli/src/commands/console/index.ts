import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GatewayError } from '@sallyport/core'
import { loadConfig, openHome } from '@sallyport/gateway'
import { z } from 'zod'
import { defineCommand, type Context } from '../../define-command.ts'
import { ended } from '../../ended.ts'

const Serving = z.strictObject({ url: z.string() })

export const command = defineCommand({
  configure(command, act) {
    command.action(act(Serving, serve))
  },
})

/** Serves people's browsers until it is told to end, or until the process that started it is gone. */
async function serve(context: Context) {
  const home = openHome(context.homeDir, { create: false })
  const { config } = loadConfig(home.configFile, context.env)
  if (!config.console)
    throw new GatewayError('CONFIG_INVALID', `${home.configFile}: there is no console in it; add "console: {}" and start again`)
  // Loaded here alone: nothing of it is ever in the process that agents speak to.
  const { serveConsole } = await import('@sallyport/gateway/console-server')
  const server = await serveConsole({
    config: config.console,
    controlSocket: home.controlSocket,
    filesDir: pagesDir(),
    log: (what, error) =>
      process.stderr.write(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`),
  })
  const output = { url: server.url }
  context.write(context.json ? JSON.stringify(output) : `The console is at ${server.url}`)
  const orphaned = new Promise<void>((resolve) => process.once('disconnect', resolve))
  await Promise.race([ended(), orphaned])
  await server.close()
  // Whoever listens on the channel is kept alive by it.
  if (process.connected) process.disconnect()
  return { output, text: '', isPrinted: true }
}

/** The built pages: beside the package in a clone, inside it where it was packed. */
function pagesDir(): string {
  const inClone = fileURLToPath(new URL('../../../../console/dist', import.meta.url))
  return existsSync(inClone) ? inClone : fileURLToPath(new URL('../../console', import.meta.url))
}
