import type { KMSClient } from '@aws-sdk/client-kms'
import { GatewayError, type KeySource } from '@sallyport/core'
import type { AwsKmsKeys } from '../../config-vault.ts'

const WAIT_MS_MAX = 5_000
const ATTEMPTS_MAX = 3

/**
 * A symmetric key of AWS KMS. Credentials come from the environment, as the AWS SDK finds them. KMS keeps every version of its
 * key material: no single version can be destroyed, so `destroyBefore` says that it did not.
 */
export function openKmsKeys(config: AwsKmsKeys): KeySource {
  let opened: Promise<{ readonly client: KMSClient; readonly sdk: typeof import('@aws-sdk/client-kms') }> | undefined
  const encryptionContext = (context: string): Record<string, string> => ({ sallyport: context })
  return {
    name: `aws-kms:${config.keyId}`,
    wrap: (key, context) =>
      asked(async ({ client, sdk }) => {
        const command = new sdk.EncryptCommand({
          KeyId: config.keyId,
          Plaintext: key,
          EncryptionContext: encryptionContext(context),
        })
        const { CiphertextBlob } = await client.send(command)
        if (!CiphertextBlob) throw new TypeError('no ciphertext')
        return { version: 1, bytes: CiphertextBlob }
      }),
    unwrap: ({ bytes }, context) =>
      asked(async ({ client, sdk }) => {
        const command = new sdk.DecryptCommand({
          KeyId: config.keyId,
          CiphertextBlob: bytes,
          EncryptionContext: encryptionContext(context),
        })
        const { Plaintext } = await client.send(command)
        if (!Plaintext) throw new TypeError('no plaintext')
        return Plaintext
      }),
    // KMS rotates by its own schedule, and the number of a version is not told.
    rotate: () => Promise.resolve(1),
    destroyBefore: () => Promise.resolve(false),
    close: async () => (await opened?.catch(() => undefined))?.client.destroy(),
  }

  /** The SDK is large and seldom used: it is loaded when it is first needed. */
  function open(): NonNullable<typeof opened> {
    return (opened ??= import('@aws-sdk/client-kms').then((sdk) => ({
      sdk,
      client: new sdk.KMSClient({
        region: config.region,
        maxAttempts: ATTEMPTS_MAX,
        requestHandler: { requestTimeout: WAIT_MS_MAX, connectionTimeout: WAIT_MS_MAX },
        ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
      }),
    })))
  }

  async function asked<T>(run: (kms: Awaited<NonNullable<typeof opened>>) => Promise<T>): Promise<T> {
    try {
      return await run(await open())
    } catch (cause) {
      throw new GatewayError('VAULT_UNAVAILABLE', 'the key service cannot be asked', { cause })
    }
  }
}
