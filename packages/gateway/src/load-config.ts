import { lstatSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { GatewayError } from '@sallyport/core'
import type { AnchorsConfig } from './config-anchors.ts'
import { consoleOrigin, type ConsoleConfig } from './config-console.ts'
import type { StoreConfig } from './config-store.ts'
import type { VaultConfig } from './config-vault.ts'
import { Config, type ServerConfig } from './config.ts'
import { isLoopback } from './is-loopback.ts'
import { readYaml } from './read-yaml.ts'
import { resolveMetrics, resolveSink } from './resolve-sinks.ts'

/** A configuration ready to run: secrets resolved, paths absolute. Never log `config.servers`. */
export interface LoadedConfig {
  readonly file: string
  readonly config: Config
  /** Absolute folder of the manifest files. */
  readonly manifestsDir: string
  /** Absolute folder of the system prompts. */
  readonly promptsDir: string
  /** Every resolved secret, for the tests that prove none of them reaches a log or an agent. */
  readonly secrets: readonly string[]
}

const SECRET_BYTES_MAX = 65_536

/**
 * Reads `sallyport.yaml`: YAML, schema, then `${env:NAME}` and `${file:path}` in the secret fields (headers, env).
 * @throws GatewayError `CONFIG_INVALID` with file and path; `CONFIG_INSECURE` when a setting would send a secret in the clear
 * or a secret file can be read by others.
 */
export function loadConfig(file: string, env: Readonly<Record<string, string | undefined>> = process.env): LoadedConfig {
  const path = resolve(file)
  const raw = readYaml(path, Config)
  const folder = dirname(path)
  requireEncryption(raw, path)
  const secrets: string[] = []
  const fill = (values: Record<string, string>, where: string): Record<string, string> =>
    mapValues(values, (text, name) => resolveSecrets(text, { env, folder, where: `${path}: ${where}.${name}`, secrets }))
  const servers = mapValues(raw.servers, (server, id) => resolveServer(server, `servers.${id}`, fill))
  const providers = mapValues(raw.providers, ({ credential, ...rest }, id) => ({
    ...rest,
    ...(credential !== undefined && fill({ credential }, `providers.${id}`)),
  }))
  const issuers = raw.issuers.map((issuer) =>
    issuer.jwksFile === undefined ? issuer : { ...issuer, jwksFile: resolve(folder, issuer.jwksFile) },
  )
  const tls = raw.listen.tls && {
    certFile: resolve(folder, raw.listen.tls.certFile),
    keyFile: resolve(folder, raw.listen.tls.keyFile),
  }
  const listen = tls === undefined ? raw.listen : { ...raw.listen, tls }
  const store = resolveStore(raw.store, path, fill)
  const vault = { ...raw.vault, keys: resolveKeys(raw.vault.keys, folder, fill) }
  const sinks = raw.sinks.map((sink, i) => resolveSink(sink, { folder, fill: (values) => fill(values, `sinks.${i}`) }))
  const anchors = raw.anchors.map((anchor, i) => resolveAnchor(anchor, folder, (values) => fill(values, `anchors.${i}`)))
  const metrics =
    raw.metrics &&
    resolveMetrics(raw.metrics, { folder, isLocal: isLoopback(raw.metrics.host), fill: (values) => fill(values, 'metrics') })
  const people = raw.console && resolveConsole(raw.console, path, { folder, fill })
  return {
    file: path,
    config: {
      ...raw,
      listen,
      servers,
      providers,
      issuers,
      store,
      vault,
      sinks,
      anchors,
      metrics,
      ...(people && { console: people }),
    },
    manifestsDir: resolve(folder, raw.manifests),
    promptsDir: resolve(folder, raw.prompts),
    secrets,
  }
}

type Fill = (values: Record<string, string>, where: string) => Record<string, string>

function resolveServer(server: ServerConfig, where: string, fill: Fill): ServerConfig {
  if (server.transport === 'stdio') return { ...server, env: fill(server.env, `${where}.env`) }
  const agents = mapValues(server.agents, (agent, id) => ({ headers: fill(agent.headers, `${where}.agents.${id}.headers`) }))
  return { ...server, headers: fill(server.headers, `${where}.headers`), agents }
}

function resolveAnchor(
  anchor: AnchorsConfig[number],
  folder: string,
  fill: (values: Record<string, string>) => Record<string, string>,
): AnchorsConfig[number] {
  if (anchor.type === 'rfc3161') return { ...anchor, roots: resolve(folder, anchor.roots) }
  const { accessKeyId, secretAccessKey, sessionToken } = anchor
  return { ...anchor, ...fill({ accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }) }
}

function resolveKeys(keys: VaultConfig['keys'], folder: string, fill: Fill): VaultConfig['keys'] {
  if (keys.source !== 'vault-transit') return keys
  const caFile = keys.caFile === undefined ? {} : { caFile: resolve(folder, keys.caFile) }
  return { ...keys, ...fill({ token: keys.token }, 'vault.keys'), ...caFile }
}

/** @throws GatewayError `CONFIG_INSECURE` for a console, or a provider, that is reached in the clear off this machine */
function resolveConsole(raw: ConsoleConfig, file: string, { folder, fill }: { folder: string; fill: Fill }): ConsoleConfig {
  const { origin, rpId } = consoleOrigin(raw)
  if (origin.startsWith('http:') && !isLoopback(rpId))
    throw new GatewayError('CONFIG_INSECURE', `${file}: console.publicUrl: people would sign in without TLS; use https`)
  if (!raw.tls && !isLoopback(raw.host) && !raw.trustProxy)
    throw new GatewayError(
      'CONFIG_INSECURE',
      `${file}: console.host: not on this machine and without tls; set tls, or trustProxy behind a proxy`,
    )
  const oidc = raw.oidc.map((provider, i) => {
    const { issuer, jwksUrl, clientSecret } = provider
    const clear = [issuer, jwksUrl].find((url) => url.startsWith('http:') && !isLoopback(new URL(url).hostname))
    if (clear !== undefined)
      throw new GatewayError('CONFIG_INSECURE', `${file}: console.oidc.${i}: the provider is reached without TLS`)
    return { ...provider, ...(clientSecret !== undefined && fill({ clientSecret }, `console.oidc.${i}`)) }
  })
  const tls = raw.tls && { certFile: resolve(folder, raw.tls.certFile), keyFile: resolve(folder, raw.tls.keyFile) }
  return { ...raw, oidc, ...(tls && { tls }) }
}

/** @throws GatewayError `CONFIG_INVALID` for what is no URL, `CONFIG_INSECURE` for one that sends a password in the clear */
function resolveStore(store: StoreConfig, file: string, fill: Fill): StoreConfig {
  if (store.type === 'embedded') return store
  const { url, auditorUrl, keeperUrl } = store
  const urls = fill({ url, ...(auditorUrl && { auditorUrl }), ...(keeperUrl && { keeperUrl }) }, 'store')
  for (const [name, text] of Object.entries(urls)) requireDatabaseUrl(text, `${file}: store.${name}`, store.allowPlaintext)
  return { ...store, ...urls }
}

function requireDatabaseUrl(text: string, where: string, allowPlaintext: boolean): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^postgres(?:ql)?:$/.test(url.protocol))
    throw new GatewayError('CONFIG_INVALID', `${where}: must be postgres://user:password@host/database`)
  const { searchParams } = url
  // The driver takes the last of a parameter, and lets a host named there go before the URL's own.
  const host = searchParams.getAll('host').at(-1) || url.hostname
  // As libpq reads it, "require" looks at no certificate.
  const modes = searchParams.has('uselibpqcompat') ? ['verify-ca', 'verify-full'] : ['require', 'verify-ca', 'verify-full']
  const isEncrypted = modes.includes(searchParams.getAll('sslmode').at(-1) ?? '')
  const isHere = host === '' || /^(?:\/|%2f)/i.test(host) || isLoopback(host)
  if (!isEncrypted && !allowPlaintext && !isHere)
    throw new GatewayError('CONFIG_INSECURE', `${where}: no TLS off this machine; add sslmode=verify-full`)
}

interface SecretSource {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly folder: string
  readonly where: string
  readonly secrets: string[]
}

function resolveSecrets(text: string, source: SecretSource): string {
  const filled = text.replaceAll(/\$\{([^}]*)\}/g, (_, reference: string) => {
    const value = resolveReference(reference, source)
    source.secrets.push(value)
    return value
  })
  if (/[\r\n\0]/.test(filled)) throw new GatewayError('CONFIG_INVALID', `${source.where}: holds a line break`)
  return filled
}

function resolveReference(reference: string, source: SecretSource): string {
  const [scheme, rest = ''] = split(reference, ':')
  if (scheme === 'env') {
    const value = source.env[rest]
    if (value === undefined || value === '')
      throw new GatewayError('CONFIG_INVALID', `${source.where}: the environment variable ${rest} is not set`)
    return value
  }
  if (scheme === 'file') return readSecretFile(resolve(source.folder, rest), source.where)
  throw new GatewayError('CONFIG_INVALID', `${source.where}: a reference must be \${env:NAME} or \${file:path}`)
}

function readSecretFile(file: string, where: string): string {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  if (stat === undefined) throw new GatewayError('CONFIG_INVALID', `${where}: ${file} is missing`)
  if (!stat.isFile() || stat.size > SECRET_BYTES_MAX)
    throw new GatewayError('CONFIG_INVALID', `${where}: ${file} is not a file of at most ${SECRET_BYTES_MAX} bytes`)
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
    throw new GatewayError('CONFIG_INSECURE', `${where}: other accounts can use ${file}; run: chmod 600 ${file}`)
  }
  return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
}

/** R234: nothing that carries a credential travels in the clear off this machine. */
function requireEncryption(config: Config, file: string): void {
  const { listen } = config
  if (!isLoopback(listen.host) && listen.tls === undefined) {
    throw new GatewayError(
      'CONFIG_INSECURE',
      `${file}: listen: plain HTTP is for loopback only; set listen.tls, or listen on 127.0.0.1 behind a proxy`,
    )
  }
  const urls: [string, string | undefined][] = [
    ['publicUrl', config.publicUrl],
    ...config.anchors.map((anchor, i): [string, string | undefined] => [
      `anchors.${i}.endpoint`,
      anchor.type === 's3' ? anchor.endpoint : undefined,
    ]),
    ...Object.entries(config.servers).map(([id, server]): [string, string | undefined] => [
      `servers.${id}.url`,
      server.transport === 'http' ? server.url : undefined,
    ]),
    ...Object.entries(config.providers).map(([id, { url }]): [string, string] => [`providers.${id}.url`, url]),
    ...config.issuers.map((issuer, i): [string, string | undefined] => [`issuers.${i}.jwksUrl`, issuer.jwksUrl]),
    ['vault.keys.url', config.vault.keys.source === 'vault-transit' ? config.vault.keys.url : undefined],
    ['vault.keys.endpoint', config.vault.keys.source === 'aws-kms' ? config.vault.keys.endpoint : undefined],
    ...config.sinks.map((sink, i): [string, string | undefined] => [`sinks.${i}.url`, 'url' in sink ? sink.url : undefined]),
    ...config.witnesses.list.map((witness, i): [string, string] => [`witnesses.list.${i}.url`, witness.url]),
  ]
  for (const [where, url] of urls) {
    if (url === undefined) continue
    const { protocol, hostname, username, password } = new URL(url)
    if (protocol === 'http:' && !isLoopback(hostname))
      throw new GatewayError('CONFIG_INSECURE', `${file}: ${where}: plain HTTP off this machine; use https`)
    if (username !== '' || password !== '')
      throw new GatewayError('CONFIG_INSECURE', `${file}: ${where}: put credentials into headers, not into the URL`)
  }
  for (const [i, issuer] of config.issuers.entries()) {
    if (issuer.issuer.startsWith('sallyport'))
      throw new GatewayError(
        'CONFIG_INVALID',
        `${file}: issuers.${i}.issuer: names starting with "sallyport" are this gateway’s own`,
      )
    const sources = [issuer.jwksFile, issuer.jwksUrl].filter((source) => source !== undefined).length
    if (sources !== 1) throw new GatewayError('CONFIG_INVALID', `${file}: issuers.${i}: set exactly one of jwksUrl and jwksFile`)
  }
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, change: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]))
}

function split(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
