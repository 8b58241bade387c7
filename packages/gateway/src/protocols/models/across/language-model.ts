import type { ProviderConfig } from '../../../config-providers.ts'
import type { NeutralModel } from './neutral.ts'

type Fetch = typeof globalThis.fetch
type Kind = ProviderConfig['kind']
type Load = (config: ProviderConfig, fetch: Fetch) => Promise<(model: string) => NeutralModel>

/** Keys of AWS instead of a Bedrock API key: `<access key id>:<secret>` or with a session token as third part. */
const AWS_KEYS = /^(A(?:KIA|SIA)[A-Z0-9]{12,}):([^:]+)(?::(.+))?$/
const BEDROCK_HOST = /^bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com/

/** The packages that speak each provider's wire, loaded when first needed. They read no key or address from the environment. */
export const LOAD: Readonly<Record<Kind, Load>> = {
  openai: openai,
  'azure-openai': openai,
  'openai-compatible': openai,
  async anthropic({ url, credential = 'none' }, fetch) {
    const { createAnthropic } = await import('@ai-sdk/anthropic')
    const provider = createAnthropic({ baseURL: url, apiKey: credential, fetch })
    return (model) => provider.languageModel(model)
  },
  async gemini({ url, credential = 'none' }, fetch) {
    const { createGoogle } = await import('@ai-sdk/google')
    const provider = createGoogle({ baseURL: url, apiKey: credential, fetch })
    return (model) => provider.languageModel(model)
  },
  async bedrock({ url, credential = 'none', regions }, fetch) {
    const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock')
    const [, accessKeyId, secretAccessKey, sessionToken] = AWS_KEYS.exec(credential) ?? []
    const region = BEDROCK_HOST.exec(new URL(url).hostname)?.[1] ?? regions[0] ?? ''
    const isSigned = accessKeyId !== undefined && secretAccessKey !== undefined
    const provider = createAmazonBedrock({
      baseURL: url,
      region,
      fetch,
      ...(isSigned
        ? // Without an empty key the package takes one of the environment.
          { apiKey: '', accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
        : { apiKey: credential }),
    })
    return (model) => provider.languageModel(model)
  },
}

async function openai({ url, credential = 'none' }: ProviderConfig, fetch: Fetch): Promise<(model: string) => NeutralModel> {
  const { createOpenAI } = await import('@ai-sdk/openai')
  const provider = createOpenAI({ baseURL: url, apiKey: credential, fetch })
  return (model) => provider.chat(model)
}
