import type { Up } from './index.ts'

/** What a person reads after the start: where it is, how to connect, what to try. */
export function welcome(up: Up, names: { readonly agent: string; readonly firstOwner?: string }): string {
  const [first] = up.agents
  const head = [`Sallyport runs at ${up.url}`, `Home folder        ${up.home}`]
  if (names.firstOwner !== undefined)
    head.push(`First user         ${names.firstOwner} (owner); key in ${up.home}/users/${names.firstOwner}.key`)
  head.push(...consoleLines(up.console))
  if (first === undefined) return [...head, '', ...ownSteps(), '', 'Ctrl-C ends it.'].join('\n')
  const [task, key] = Object.entries(up.keys)[0] ?? ['reconcile-orders', '<agent key>']
  return [
    ...head,
    `MCP endpoint       ${first.mcp}`,
    ...Object.entries(up.keys).map(([name, secret]) => `Key, shown once    ${secret}  (task ${name})`),
    ...(up.firstRun
      ? []
      : [
          'Key                yours from the first run, or: npm run -s sallyport -- agent rotate ' +
            `${names.agent} --task ${task}`,
        ]),
    '',
    'Connect a client',
    '',
    '  Claude Code',
    `    claude mcp add --transport http sallyport ${first.mcp} --header "Authorization: Bearer ${key}"`,
    '',
    '  MCP Inspector, on the command line',
    `    npx @modelcontextprotocol/inspector --cli ${first.mcp} --transport http --header "Authorization: Bearer ${key}" --method tools/list`,
    '',
    '  OpenAI Agents SDK (Python)',
    `    MCPServerStreamableHttp(params={"url": "${first.mcp}", "headers": {"Authorization": "Bearer ${key}"}})`,
    '',
    'Try next, in another terminal',
    '    npm run demo                                              an obedient agent attacks; watch what happens',
    `    npm run -s sallyport -- session create --as alice --agent ${first.agent} --task ${task}`,
    '                                                              a token in which alice is the user',
    '    npm run -s sallyport -- audit tail --as bob               what was recorded',
    `    npm run -s sallyport -- isolate ${first.agent} --as bob --reason "trying it out"`,
    '',
    'Ctrl-C ends it.',
  ].join('\n')
}

function consoleLines(console: Up['console']): string[] {
  if (!console) return []
  if (console.problem !== undefined) return [`Console            does not run: ${console.problem}`]
  return [
    `Console            ${console.url}`,
    ...(console.link === undefined ? [] : [`First sign-in      ${console.link}  (works once)`]),
  ]
}

function ownSteps(): string[] {
  return [
    'Next',
    '  1. name your tool servers in sallyport.yaml, then: sallyport tools list',
    '  2. write manifests/<agent>.yaml, then: sallyport manifest check manifests/<agent>.yaml',
    '  3. sallyport agent create <agent> --task <task>',
  ]
}
