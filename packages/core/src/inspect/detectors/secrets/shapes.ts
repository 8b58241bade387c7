import { decodeLooseBase64 } from '../../loose-base64.ts'
import { looksRandom } from '../../randomness.ts'
import { hasTokenChecksum } from './token-checksum.ts'

/** What a key of one provider looks like. */
export interface KeyShape {
  readonly code: string
  /** What it begins with; at least two units. */
  readonly prefixes: readonly string[]
  /** What follows the prefix: sticky, every quantifier bounded. */
  readonly body: RegExp
  /** Whether a letter or digit may stand right before: only where the prefix itself cannot be part of a word. */
  readonly glued?: boolean
  /** Weighs a match; `undefined` when it is none after all. High where absent. */
  readonly weigh?: (found: Found) => 'high' | 'medium' | 'low' | undefined
}

export interface Found {
  readonly text: string
  readonly start: number
  readonly end: number
  /** What follows the prefix. */
  readonly body: string
}

/** A wrong checksum is a mistyped, revised or invented token. */
const checked = ({ body }: Found) => (hasTokenChecksum(body) ? 'high' : 'medium') as 'high' | 'medium'
const random = ({ body }: Found) => (looksRandom(body) ? 'high' : undefined)
const rather = ({ body }: Found) => (looksRandom(body) ? 'medium' : undefined)
/** Units around a match in which its context is looked for. */
const CONTEXT_UNITS = 300
const near = ({ text, start, end }: Found) => text.slice(Math.max(0, start - CONTEXT_UNITS), end + CONTEXT_UNITS)

/**
 * Key shapes by provider, from the providers' own documents and, where these are silent, from keys they issue. A new one is a row.
 * Sources: AWS IAM guide, "Unique identifiers"; GitHub, "Behind GitHub's new authentication token formats" (CRC-32 suffix); GitLab,
 * "Token overview"; Slack, "Token types"; Stripe, "API keys"; Microsoft, "SAS"; PyPI, "API tokens"; Telegram, "Bot API".
 */
export const SHAPES: readonly KeyShape[] = [
  { code: 'aws_access_key_id', prefixes: ['AKIA', 'ASIA', 'ABIA', 'ACCA'], glued: true, body: /[A-Z2-7]{16}(?![A-Za-z0-9])/y },
  { code: 'gcp_api_key', prefixes: ['AIza'], glued: true, body: /[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/y },
  { code: 'gcp_oauth', prefixes: ['GOCSPX-'], body: /[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])/y },
  { code: 'gcp_access_token', prefixes: ['ya29.'], body: /[A-Za-z0-9_-]{40,1000}/y },
  { code: 'azure_storage_key', prefixes: ['AccountKey=', 'SharedAccessKey='], body: /[A-Za-z0-9+/]{42,86}={1,2}/y },
  {
    code: 'azure_sas',
    prefixes: ['sig='],
    body: /[A-Za-z0-9%+/]{43,64}(?:%3[Dd]|=)/y,
    weigh: (found) => (/[?&;](?:se|sv|sr|sp|skn)=/.test(near(found)) ? 'high' : undefined),
  },
  { code: 'azure_client_secret', prefixes: ['8Q~', '7Q~'], glued: true, body: /[A-Za-z0-9_.~-]{31,34}(?![A-Za-z0-9_~-])/y },
  {
    code: 'github_token',
    prefixes: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    glued: true,
    body: /[A-Za-z0-9]{36}(?![A-Za-z0-9])/y,
    weigh: checked,
  },
  { code: 'github_fine_grained', prefixes: ['github_pat_'], glued: true, body: /[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9])/y },
  {
    code: 'gitlab_token',
    prefixes: ['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glft-', 'glsoat-', 'glagent-', 'glimt-', 'gloas-', 'GR1348941'],
    body: /[A-Za-z0-9_-]{20,300}/y,
    weigh: random,
  },
  {
    code: 'slack_token',
    prefixes: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxc-', 'xoxd-'],
    glued: true,
    body: /[A-Za-z0-9%/+-]{20,300}/y,
    weigh: random,
  },
  { code: 'slack_token', prefixes: ['xapp-', 'xoxe.', 'xoxe-'], glued: true, body: /[A-Za-z0-9.-]{30,300}/y, weigh: random },
  {
    code: 'slack_webhook',
    prefixes: ['hooks.slack.com/'],
    glued: true,
    body: /(?:services|workflows|triggers)\/[A-Z0-9]{6,14}\/[A-Z0-9]{6,14}\/[A-Za-z0-9]{18,40}/y,
  },
  {
    code: 'discord_webhook',
    prefixes: ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'],
    glued: true,
    body: /\d{15,22}\/[A-Za-z0-9_-]{50,90}/y,
  },
  {
    code: 'teams_webhook',
    prefixes: ['.webhook.office.com/'],
    glued: true,
    body: /webhookb2\/[A-Za-z0-9@-]{36,100}\/IncomingWebhook\/[a-z0-9]{32}/y,
  },
  { code: 'stripe_key', prefixes: ['sk_live_', 'rk_live_', 'whsec_'], body: /[A-Za-z0-9+/]{24,110}/y },
  { code: 'stripe_test_key', prefixes: ['sk_test_', 'rk_test_'], body: /[A-Za-z0-9]{24,110}/y, weigh: rather },
  { code: 'twilio_key', prefixes: ['SK'], body: /[0-9a-f]{32}(?![A-Za-z0-9])/y },
  { code: 'twilio_account', prefixes: ['AC'], body: /[0-9a-f]{32}(?![A-Za-z0-9])/y, weigh: () => 'medium' },
  { code: 'sendgrid_key', prefixes: ['SG.'], body: /[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/y },
  { code: 'npm_token', prefixes: ['npm_'], body: /[A-Za-z0-9]{36}(?![A-Za-z0-9])/y, weigh: checked },
  { code: 'pypi_token', prefixes: ['pypi-AgE'], body: /[A-Za-z0-9_-]{50,500}/y },
  { code: 'openai_key', prefixes: ['sk-'], body: /(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,220}/y, weigh: openAi },
  { code: 'anthropic_key', prefixes: ['sk-ant-'], body: /(?:api|admin|oat|ort|sid)\d{2}-[A-Za-z0-9_-]{60,160}/y },
  { code: 'hugging_face_token', prefixes: ['hf_', 'api_org_'], body: /[A-Za-z0-9]{34}(?![A-Za-z0-9])/y, weigh: random },
  { code: 'groq_key', prefixes: ['gsk_'], body: /[A-Za-z0-9]{52}(?![A-Za-z0-9])/y },
  { code: 'perplexity_key', prefixes: ['pplx-'], body: /[A-Za-z0-9]{40,56}(?![A-Za-z0-9])/y },
  { code: 'xai_key', prefixes: ['xai-'], body: /[A-Za-z0-9]{70,90}(?![A-Za-z0-9])/y },
  { code: 'replicate_token', prefixes: ['r8_'], body: /[A-Za-z0-9]{37}(?![A-Za-z0-9])/y },
  // A bot's number stands before the colon.
  {
    code: 'telegram_bot_token',
    prefixes: [':AA'],
    glued: true,
    body: /[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/y,
    weigh: ({ text, start }) => (/\d{8,10}$/.test(text.slice(Math.max(0, start - 10), start)) ? 'high' : undefined),
  },
  {
    code: 'discord_token',
    prefixes: ['MT', 'Mz', 'OT', 'OD', 'Nz', 'ND', 'NT', 'Nj', 'MD', 'Mj'],
    body: /[A-Za-z0-9]{22,26}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_-])/y,
    weigh: discord,
  },
  { code: 'shopify_token', prefixes: ['shpat_', 'shpca_', 'shppa_', 'shpss_'], body: /[0-9a-fA-F]{32}(?![A-Za-z0-9])/y },
  { code: 'square_token', prefixes: ['sq0atp-', 'sq0csp-'], body: /[A-Za-z0-9_-]{22,43}/y },
  { code: 'mailgun_key', prefixes: ['key-'], body: /[0-9a-f]{32}(?![A-Za-z0-9])/y },
  { code: 'digitalocean_token', prefixes: ['dop_v1_', 'doo_v1_', 'dor_v1_'], body: /[0-9a-f]{64}(?![A-Za-z0-9])/y },
  { code: 'databricks_token', prefixes: ['dapi'], body: /[0-9a-f]{32}(?:-\d)?(?![A-Za-z0-9])/y },
  { code: 'vault_token', prefixes: ['hvs.', 'hvb.', 'hvr.'], body: /[A-Za-z0-9_-]{24,200}/y, weigh: random },
  { code: 'doppler_token', prefixes: ['dp.pt.', 'dp.st.', 'dp.sa.', 'dp.ct.'], body: /[A-Za-z0-9._-]{40,80}/y },
  { code: 'linear_key', prefixes: ['lin_api_', 'lin_oauth_'], body: /[A-Za-z0-9]{40,64}(?![A-Za-z0-9])/y },
  { code: 'notion_token', prefixes: ['ntn_'], body: /[A-Za-z0-9]{40,60}(?![A-Za-z0-9])/y },
  { code: 'atlassian_token', prefixes: ['ATATT3', 'ATCTT3', 'ATBB'], body: /[A-Za-z0-9_=-]{28,250}/y, weigh: random },
  { code: 'newrelic_key', prefixes: ['NRAK-', 'NRJS-', 'NRII-'], body: /[A-Za-z0-9]{19,32}(?![A-Za-z0-9])/y },
  { code: 'grafana_token', prefixes: ['glsa_', 'glc_'], body: /[A-Za-z0-9_=]{36,300}/y, weigh: random },
  {
    code: 'datastore_token',
    prefixes: [
      'pscale_tkn_',
      'pscale_pw_',
      'pscale_oauth_',
      'sbp_',
      'sb_secret_',
      'rubygems_',
      'dckr_pat_',
      'PMAK-',
      'figd_',
      'phx_',
      'sntrys_',
      'sntryu_',
    ],
    body: /[A-Za-z0-9_.=-]{24,300}/y,
    weigh: random,
  },
  { code: 'age_key', prefixes: ['AGE-SECRET-KEY-1'], glued: true, body: /[0-9A-Z]{58}/y },
  { code: 'putty_key', prefixes: ['PuTTY-User-Key-File-'], glued: true, body: /[23]: [\s\S]{40,200}/y },
  // An unlabelled PKCS #8 or OpenSSH private key still begins with the same bytes.
  { code: 'private_key', prefixes: ['IBADANBgkqhkiG9w0BAQEFAASC'], glued: true, body: /[A-Za-z0-9+/]{20,4000}/y },
  { code: 'private_key', prefixes: ['b3BlbnNzaC1rZXktdjEA'], glued: true, body: /[A-Za-z0-9+/]{20,4000}/y },
  { code: 'sallyport_agent_key', prefixes: ['sp_'], body: /[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/y, weigh: random },
]

/** Keys of OpenAI carry its name in base64; others took over the prefix. */
function openAi({ body }: Found): 'high' | 'medium' | undefined {
  if (body.includes('T3BlbkFJ')) return 'high'
  return body.length >= 32 && looksRandom(body) ? 'medium' : undefined
}

/** The first part is the bot's number in base64. */
function discord({ text, start, end }: Found): 'high' | undefined {
  const match = text.slice(start, end)
  return /^\d{17,20}$/.test(decodeLooseBase64(match.slice(0, match.indexOf('.'))) ?? '') ? 'high' : undefined
}
