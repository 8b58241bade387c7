import { expect, test } from 'vitest'
import { clientConfigs } from './client-configs.ts'

const configs = clientConfigs('https://gw.example/', 'clerk')

test.each(configs.map((one) => [one.client, one.text] as const))('%s is told the address, and no secret', (_, text) => {
  expect(text).toContain('https://gw.example/a/clerk')
  expect(text).not.toContain('//a/')
  expect(text).toMatch(/SALLYPORT_KEY|input:sallyport-key/)
  expect(text).not.toMatch(/sp_/)
})

test('what is JSON parses, and has the form its client reads', () => {
  const [claude, cursor, code] = configs.map(({ text }) => (text.startsWith('{') ? (JSON.parse(text) as object) : undefined))
  expect(claude).toMatchObject({ mcpServers: { sallyport: { type: 'http', url: 'https://gw.example/a/clerk/mcp' } } })
  expect(cursor).toMatchObject({ mcpServers: { sallyport: { headers: { Authorization: 'Bearer ${env:SALLYPORT_KEY}' } } } })
  expect(code).toMatchObject({ servers: { sallyport: { type: 'http' } }, inputs: [{ password: true }] })
})

test('a name cannot leave its place', () => {
  for (const { text } of clientConfigs('https://gw.example', 'a"\n$(x)/..')) expect(text).toContain('/a/a%22%0A%24(x)%2F..')
})
