/** How one client is told where the gateway is. */
export interface ClientConfig {
  readonly id: string
  readonly client: string
  /** Where the text belongs. */
  readonly where: string
  readonly text: string
}

/** Name of the variable the key is read from: no text of these ever holds the key itself. */
export const KEY_VARIABLE = 'SALLYPORT_KEY'

/** What to copy for each client, for one agent of the gateway at a base URL. */
export function clientConfigs(gatewayUrl: string, agent: string): readonly ClientConfig[] {
  const base = `${gatewayUrl.replace(/\/$/, '')}/a/${encodeURIComponent(agent)}`
  const url = `${base}/mcp`
  const server = (headers: string, more: object = {}): object => ({ ...more, url, headers: { Authorization: `Bearer ${headers}` } })
  return [
    {
      id: 'claude-code',
      client: 'Claude Code',
      where: '.mcp.json in the project',
      text: json({ mcpServers: { sallyport: server(`\${${KEY_VARIABLE}}`, { type: 'http' }) } }),
    },
    {
      id: 'cursor',
      client: 'Cursor',
      where: '~/.cursor/mcp.json, or .cursor/mcp.json in the project',
      text: json({ mcpServers: { sallyport: server(`\${env:${KEY_VARIABLE}}`) } }),
    },
    {
      id: 'vs-code',
      client: 'VS Code',
      where: '.vscode/mcp.json; it asks for the key once',
      text: json({
        inputs: [{ type: 'promptString', id: 'sallyport-key', description: 'Sallyport key', password: true }],
        servers: { sallyport: server('${input:sallyport-key}', { type: 'http' }) },
      }),
    },
    {
      id: 'codex',
      client: 'Codex',
      where: '~/.codex/config.toml',
      text: `[mcp_servers.sallyport]\nurl = ${JSON.stringify(url)}\nbearer_token_env_var = "${KEY_VARIABLE}"\n`,
    },
    {
      id: 'openai',
      client: 'Anything that speaks to OpenAI',
      where: 'its environment',
      text: `export OPENAI_BASE_URL="${base}/v1"\nexport OPENAI_API_KEY="$${KEY_VARIABLE}"\n`,
    },
    {
      id: 'anthropic',
      client: 'Anything that speaks to Anthropic',
      where: 'its environment',
      text: `export ANTHROPIC_BASE_URL="${base}"\nexport ANTHROPIC_API_KEY="$${KEY_VARIABLE}"\n`,
    },
  ]
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
