import type { Finding } from '../../../model/finding.ts'

/** Word sets that follow one another; `code` says what the phrase orders. */
export interface Phrase {
  readonly code: string
  readonly severity: Finding['severity']
  readonly parts: readonly (readonly string[])[]
  /** Most words between the first two parts, where more would be another sentence. */
  readonly firstGapMax?: number
}

const words = (text: string): readonly string[] => text.split(' ')

const NOT = words("don't dont never not without avoid no")
const TELL = words(
  'tell telling mention mentioning inform informing reveal revealing notify notifying disclose disclosing show showing alert alerting display',
)
const PERSON = words('user users human humans customer person operator anyone them')
const READ = words('read open cat load access fetch retrieve collect gather copy extract find get list dump include')
const HAND = words(
  'pass send include append attach forward upload post put provide submit embed add paste write exfiltrate transmit place encode',
)
const SECRET = words(
  'id_rsa id_ed25519 ssh credentials credential password passwords passwd secret secrets token tokens keys apikey mcp.json .env env cookies wallet keychain kubeconfig config',
)
const TALK = words('conversation conversations chat history transcript prompt messages instructions context')
const OVERRIDE = words('ignore disregard forget override bypass overrule supersede')
const EARLIER = words('previous prior above earlier all any other preceding system existing original safety security')
const RULES = words(
  'instruction instructions prompt prompts rules rule guideline guidelines directives policy policies restrictions warnings',
)

/** Orders that no description of a tool needs. */
export const phrases: readonly Phrase[] = [
  { code: 'conceal', severity: 'high', parts: [NOT, TELL, PERSON], firstGapMax: 2 },
  {
    code: 'conceal',
    severity: 'high',
    parts: [words('keep hide conceal'), words('from secret hidden'), words('user users human operator')],
  },
  {
    code: 'conceal',
    severity: 'high',
    parts: [words('user users human'), words('must should'), words('not never'), words('know see notice learn')],
  },
  {
    code: 'conceal',
    severity: 'high',
    parts: [words('silently secretly quietly discreetly covertly'), [...READ, ...HAND, 'call', 'invoke', 'use', 'execute', 'run']],
  },
  { code: 'override', severity: 'high', parts: [OVERRIDE, EARLIER, RULES] },
  {
    code: 'override',
    severity: 'high',
    parts: [words('new updated real actual'), words('system developer'), words('prompt instructions instruction')],
  },
  { code: 'secret_access', severity: 'high', parts: [READ, SECRET, HAND] },
  {
    code: 'secret_access',
    severity: 'high',
    parts: [
      words('before prior when first after'),
      READ,
      words('id_rsa id_ed25519 ssh passwd mcp.json .env credentials kubeconfig keychain wallet'),
    ],
  },
  {
    code: 'secret_access',
    severity: 'high',
    parts: [
      HAND,
      words('content contents file files value values'),
      words('id_rsa id_ed25519 ssh passwd mcp.json .env credentials'),
    ],
  },
  {
    code: 'exfiltrate',
    severity: 'high',
    parts: [HAND, words('full entire whole complete all previous last'), TALK, words('as in to into parameter argument field')],
  },
  {
    code: 'exfiltrate',
    severity: 'high',
    parts: [
      HAND,
      words('its the their'),
      words('content contents'),
      words('as'),
      words('sidenote note parameter argument context feedback'),
    ],
  },
  {
    code: 'exfiltrate',
    severity: 'high',
    parts: [words('system'), words('prompt'), words('as in into to'), words('parameter argument field note')],
  },
  {
    code: 'coercion',
    severity: 'medium',
    parts: [
      words('otherwise else'),
      words('tool tools system application'),
      words("will won't wont not fail"),
      words('work fail crash lose shut break'),
    ],
  },
  {
    code: 'coercion',
    severity: 'medium',
    parts: [words('implementation'), words('detail details'), words('not never irrelevant')],
  },
  {
    code: 'shadowing',
    severity: 'high',
    parts: [
      words('when whenever if before once'),
      words('tool tools function'),
      words('is are called used available present invoked'),
      words('must always instead redirect change replace'),
    ],
  },
  {
    code: 'shadowing',
    severity: 'high',
    parts: [
      words('all any every'),
      words('emails email messages message payments payment transfers requests calls'),
      words('must should have'),
      words('sent send routed redirected addressed go bcc copied'),
      words('to via through'),
    ],
  },
  {
    code: 'shadowing',
    severity: 'high',
    parts: [words('instead'), words('of'), words('the any other original'), words('tool tools function')],
  },
  { code: 'shadowing', severity: 'high', parts: [words('side'), words('effects effect'), words('tool tools')] },
]

/** Tags and marks that pretend to be another speaker. Lower case. */
export const markers: readonly string[] = [
  '<important>',
  '</important>',
  '<system>',
  '</system>',
  '<instructions>',
  '<instruction>',
  '<secret>',
  '<hidden>',
  '<critical>',
  '<admin>',
  '<override>',
  '<assistant>',
  '[system]',
  '[inst]',
  '[/inst]',
  '[[system',
  '<<sys>>',
  '<|im_start|>',
  '<|system|>',
  '<|endoftext|>',
  '<|start_header_id|>',
  '### system',
  '###system',
  'system prompt:',
]
