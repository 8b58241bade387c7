import { existsSync } from 'node:fs'
import { GatewayError, jcs, type Json, utf8 } from '@sallyport/core'
import { openHome, parsePrivateKey, rawPublicKey, readSecret, signEd25519, verifyEd25519 } from '@sallyport/gateway'
import { z } from 'zod'
import { Found, ScannedFile } from './scan-files.ts'

/** What a scan saw, for those who were not there. */
export const ScanReport = z
  .strictObject({
    v: z.literal(1),
    ok: z.boolean().meta({ description: 'Whether nothing blocking was found in any file.' }),
    guard: z.string().meta({ description: 'Hash of the guard that looked.' }),
    channel: z.string(),
    isPrompt: z.boolean().meta({ description: 'Whether it was looked at as a prompt, in which instructions belong.' }),
    allowed: z.array(z.string()).meta({ description: 'Classes and types that were allowed to be there.' }),
    at: z.string(),
    files: z.array(ScannedFile),
    findings: z.array(Found),
    left: z.int().meta({ description: 'Findings that are not listed.' }),
  })
  .meta({ id: 'ScanReport', description: 'What the detectors saw in a file or folder.' })
export type ScanReport = z.infer<typeof ScanReport>

export const SignedScanReport = z.strictObject({
  report: ScanReport,
  by: z.string().regex(/^[a-z0-9-]{1,64}$/),
  /** Ed25519 over the domain-separated JCS bytes of report and signer, base64. */
  signature: z.base64().length(88),
})
export type SignedScanReport = z.infer<typeof SignedScanReport>

/** Most of a report that is read. */
export const REPORT_BYTES_MAX = 16 * 1_048_576

/** Signs as a local user. @throws GatewayError `IDENTITY_INVALID` when this user has no key here */
export function signReport(report: ScanReport, by: string, homeDir: string): SignedScanReport {
  const file = keyFileOf(by, homeDir)
  const key = parsePrivateKey(readSecret(file), file)
  return { report, by, signature: Buffer.from(signEd25519(signedBytes(report, by), key)).toString('base64') }
}

/**
 * Whether the signature is that of the user it names.
 * @param publicKey 32 bytes, base64; that of the user's key in the home folder unless given.
 * @throws GatewayError `REQUEST_PARAMS` for what is no report, `IDENTITY_INVALID` where the key is not known
 */
export function verifyReport(
  text: string,
  { homeDir, publicKey }: { readonly homeDir: string; readonly publicKey?: string | undefined },
): SignedScanReport & { readonly isGenuine: boolean } {
  const signed = parseReport(text)
  const { report, by, signature } = signed
  const key = publicKey ?? publicKeyOf(by, homeDir)
  return { ...signed, isGenuine: verifyEd25519(key, signedBytes(report, by), Buffer.from(signature, 'base64')) }
}

function parseReport(text: string): SignedScanReport {
  try {
    return SignedScanReport.parse(JSON.parse(text))
  } catch (cause) {
    throw new GatewayError('REQUEST_PARAMS', 'this is no signed scan report', { cause })
  }
}

function publicKeyOf(user: string, homeDir: string): string {
  const file = keyFileOf(user, homeDir)
  return Buffer.from(rawPublicKey(parsePrivateKey(readSecret(file), file))).toString('base64')
}

function keyFileOf(user: string, homeDir: string): string {
  const file = /^[a-z0-9-]{1,64}$/.test(user) ? openHome(homeDir, { create: false }).userKeyFile(user) : ''
  if (file !== '' && existsSync(file)) return file
  throw new GatewayError('IDENTITY_INVALID', 'no key of this user is here; give the public key with --key')
}

function signedBytes(report: ScanReport, by: string): Uint8Array {
  return utf8(`sallyport/v1/scan-report\n${jcs({ by, report: report as unknown as Json })}`)
}
