import { hash as hashOf, X509Certificate } from 'node:crypto'
import { sameBytes, sha256 } from '@sallyport/core'

/** Largest answer of an authority: a token with a few certificates. */
export const TIMESTAMP_BYTES_MAX = 65_536

const SHA_256 = '2.16.840.1.101.3.4.2.1'
const SHA_1 = '1.3.14.3.2.26'
const SIGNED_DATA = '1.2.840.113549.1.7.2'
const TST_INFO = '1.2.840.113549.1.9.16.1.4'
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12'
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47'
const ROOTS_MAX = 100
/** PKIStatus 0 is granted, 1 granted with modifications; everything above is no. */
const GRANTED_WITH_MODS = 1

export type TimestampFault =
  | 'malformed'
  | 'refused'
  | 'imprint_wrong'
  | 'nonce_wrong'
  | 'signer_unknown'
  | 'usage_wrong'
  | 'signature_wrong'
  | 'chain_wrong'

export type TimestampResult =
  | {
      readonly ok: true
      /** When the authority saw it. */ readonly timeMs: number
      /** Subject of its certificate. */ readonly authority: string
    }
  | { readonly ok: false; readonly fault: TimestampFault }

/**
 * A time stamp request over SHA-256 of `bytes`, asking for the authority's certificate.
 * @param nonce 8 bytes, so that an old answer cannot pass for this one.
 * @see RFC 3161, section 2.4.1
 */
export async function buildRequest(bytes: Uint8Array, nonce: Uint8Array): Promise<Uint8Array> {
  const { TimeStampReq, MessageImprint, AlgorithmIdentifier } = await import('pkijs')
  const asn1 = await import('asn1js')
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: SHA_256, algorithmParams: new asn1.Null() }),
      hashedMessage: new asn1.OctetString({ valueHex: buffer(sha256(bytes)) }),
    }),
    nonce: new asn1.Integer({ valueHex: buffer(positive(nonce)) }),
    certReq: true,
  })
  return new Uint8Array(request.toSchema().toBER())
}

/**
 * Checks an authority's answer offline: granted, over these bytes, with this nonce, signed by a certificate that is for time stamps
 * alone, was named in the signature, and chains to one of the roots at that time.
 * @param answer DER of the whole TimeStampResp, as it is stored.
 * @param trusted `roots`: PEM. `nonce`: left out when a stored answer is looked at later.
 * @see RFC 3161, sections 2.3, 2.4.2; RFC 5816
 */
export async function verifyTimestamp(
  answer: Uint8Array,
  bytes: Uint8Array,
  trusted: { readonly roots: string; readonly nonce?: Uint8Array },
): Promise<TimestampResult> {
  if (answer.length > TIMESTAMP_BYTES_MAX) return { ok: false, fault: 'malformed' }
  try {
    return await check(answer, bytes, trusted)
  } catch {
    return { ok: false, fault: 'malformed' }
  }
}

async function check(
  answer: Uint8Array,
  bytes: Uint8Array,
  { roots, nonce }: { readonly roots: string; readonly nonce?: Uint8Array },
): Promise<TimestampResult> {
  const { Certificate, ContentInfo, SignedData, TSTInfo } = await import('pkijs')
  const asn1 = await import('asn1js')
  const no = (fault: TimestampFault): TimestampResult => ({ ok: false, fault })
  // The outermost layer by hand: the schema of the library does not take a status without text.
  const response = asn1.fromBER(buffer(answer))
  if (response.offset !== answer.length || !(response.result instanceof asn1.Sequence)) return no('malformed')
  const [info0, tokenBlock] = response.result.valueBlock.value
  const status = info0 instanceof asn1.Sequence ? info0.valueBlock.value[0] : undefined
  if (!(status instanceof asn1.Integer)) return no('malformed')
  if (status.valueBlock.valueDec > GRANTED_WITH_MODS) return no('refused')
  const token = new ContentInfo({ schema: tokenBlock })
  if (token.contentType !== SIGNED_DATA) return no('malformed')
  const signed = new SignedData({ schema: token.content })
  const content = signed.encapContentInfo.eContent?.getValue()
  if (signed.encapContentInfo.eContentType !== TST_INFO || !content) return no('malformed')
  const info = TSTInfo.fromBER(content)
  const { hashAlgorithm, hashedMessage } = info.messageImprint
  const imprint = new Uint8Array(hashedMessage.valueBlock.valueHexView)
  if (hashAlgorithm.algorithmId !== SHA_256 || !sameBytes(imprint, sha256(bytes))) return no('imprint_wrong')
  if (nonce && !isSameNumber(info.nonce?.valueBlock.valueHexView, nonce)) return no('nonce_wrong')

  const [signer] = signed.signerInfos
  if (signed.signerInfos.length !== 1 || !signer) return no('signer_unknown')
  const named = (signer.signedAttrs?.attributes ?? []).find(
    ({ type }) => type === SIGNING_CERTIFICATE || type === SIGNING_CERTIFICATE_V2,
  )
  const certificate = (signed.certificates ?? [])
    .filter((one) => one instanceof Certificate)
    .find((one) => named !== undefined && namesCertificate(named, new Uint8Array(one.toSchema().toBER())))
  if (!certificate) return no('signer_unknown')
  const usage = certificate.extensions?.find(({ extnID }) => extnID === EXTENDED_KEY_USAGE)
  const usages = new X509Certificate(new Uint8Array(certificate.toSchema().toBER())).keyUsage
  if (!usage?.critical || usages.length !== 1 || usages[0] !== TIME_STAMPING) return no('usage_wrong')

  // The named certificate must be the one the signature is checked with.
  signed.certificates = [certificate, ...(signed.certificates ?? []).filter((one) => one !== certificate)]
  const isSignature = await signed.verify({ signer: 0, data: buffer(bytes), checkChain: false }).catch(() => false)
  if (!isSignature) return no('signature_wrong')
  const trustedCerts = readRoots(roots).map((der) => Certificate.fromBER(buffer(der)))
  const chain = {
    signer: 0,
    data: buffer(bytes),
    checkChain: true,
    trustedCerts,
    checkDate: info.genTime,
    extendedMode: true,
  } as const
  const checked = await signed.verify(chain).catch(() => undefined)
  const found = checked?.signerCertificate && new Uint8Array(checked.signerCertificate.toSchema().toBER())
  if (!checked?.signatureVerified || !checked.signerCertificateVerified || !found) return no('chain_wrong')
  if (!sameBytes(found, new Uint8Array(certificate.toSchema().toBER()))) return no('signer_unknown')
  return { ok: true, timeMs: info.genTime.getTime(), authority: new X509Certificate(found).subject.replaceAll('\n', ', ') }
}

/** Certificates of a PEM file. */
export function readRoots(pem: string): Uint8Array[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? []
  return blocks.slice(0, ROOTS_MAX).map((block) => new Uint8Array(new X509Certificate(block).raw))
}

/** Whether an ESS signing certificate attribute names this one first. @see RFC 5035 */
function namesCertificate(attribute: { type: string; values: unknown[] }, der: Uint8Array): boolean {
  const [value] = attribute.values as [Block | undefined]
  const first = value?.valueBlock.value?.[0]?.valueBlock.value?.[0]
  const parts = first?.valueBlock.value ?? []
  // Version 2 names its hash unless it is SHA-256.
  const hash = parts.find((part) => part.idBlock.tagNumber === 4 && part.idBlock.tagClass === 1)?.valueBlock.valueHexView
  const algorithm = parts[0]?.valueBlock.value?.[0]?.getValue?.()
  if (!hash) return false
  if (attribute.type === SIGNING_CERTIFICATE) return sameBytes(new Uint8Array(hash), digest('sha1', der))
  if (parts[0]?.idBlock.tagNumber === 4) return sameBytes(new Uint8Array(hash), digest('sha256', der))
  const name = typeof algorithm === 'string' ? HASHES[algorithm] : undefined
  return name !== undefined && sameBytes(new Uint8Array(hash), digest(name, der))
}

interface Block {
  readonly idBlock: { readonly tagNumber: number; readonly tagClass: number }
  readonly valueBlock: { readonly value?: Block[]; readonly valueHexView?: Uint8Array }
  readonly getValue?: () => unknown
}

const HASHES: Readonly<Record<string, string>> = {
  [SHA_1]: 'sha1',
  [SHA_256]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

function digest(algorithm: string, bytes: Uint8Array): Uint8Array {
  return hashOf(algorithm, bytes, 'buffer')
}

function isSameNumber(found: Uint8Array | undefined, wanted: Uint8Array): boolean {
  const bare = (bytes: Uint8Array): Uint8Array => bytes.subarray(bytes.findIndex((byte) => byte !== 0))
  return found !== undefined && sameBytes(bare(new Uint8Array(found)), bare(wanted))
}

/** The shortest form, which DER demands; it reads the first bit as a sign. */
function positive(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  const bare = first < 0 ? Uint8Array.of(0) : bytes.subarray(first)
  return (bare[0] ?? 0) >= 0x80 ? Uint8Array.of(0, ...bare) : bare
}

function buffer(bytes: Uint8Array): ArrayBuffer {
  // A copy: a Buffer may be a view of memory it shares.
  return new Uint8Array(bytes).buffer
}
