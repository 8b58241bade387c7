// What every client program here does with the endpoint and key it is given: list, one call that is allowed, one that is not.
// It prints one JSON line with what the client library made of the answers.

/** @typedef {{ listed: string[], allowed: unknown, denied: unknown }} Seen */

const [url = '', key = '', tool = ''] = process.argv.slice(2)

/** Where to connect and as whom. */
export const endpoint = { url, key, headers: { Authorization: `Bearer ${key}` } }
/** The tool to call, and arguments the manifest allows and does not allow. */
export const calls = { tool, allowed: { region: 'eu' }, denied: { region: 'us' } }

/** Runs the three steps; a thrown error is an answer too. */
export async function report({ list, call, close }) {
  const listed = await list()
  const allowed = await answer(() => call(tool, calls.allowed))
  const denied = await answer(() => call(tool, calls.denied))
  await close()
  process.stdout.write(`${JSON.stringify({ listed, allowed, denied })}\n`)
  process.exit(0)
}

async function answer(step) {
  try {
    return { returned: await step() }
  } catch (error) {
    return { threw: error instanceof Error ? error.message : String(error) }
  }
}
