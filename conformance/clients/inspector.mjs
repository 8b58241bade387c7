import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { endpoint, report } from './report.mjs'

const inspector = fileURLToPath(new URL('./node_modules/.bin/mcp-inspector', import.meta.url))
const run = promisify(execFile)
const common = [
  '--cli',
  endpoint.url,
  '--transport',
  'http',
  '--format',
  'json',
  '--header',
  `Authorization: ${endpoint.headers.Authorization}`,
]

/** Exit code 5 says that the tool reported an error; its answer is printed all the same. */
async function inspect(...args) {
  const { stdout } = await run(process.execPath, [inspector, ...common, ...args]).catch((error) =>
    error.code === 5 ? error : Promise.reject(error),
  )
  return JSON.parse(stdout)
}

await report({
  list: async () => {
    const { result, tools } = await inspect('--method', 'tools/list')
    return (tools ?? result.tools).map(({ name }) => name)
  },
  call: (name, args) =>
    inspect(
      '--method',
      'tools/call',
      '--tool-name',
      name,
      ...Object.entries(args).flatMap(([key, value]) => ['--tool-arg', `${key}=${value}`]),
    ),
  close: async () => {},
})
