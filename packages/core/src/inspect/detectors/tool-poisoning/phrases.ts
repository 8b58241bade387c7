import { phraseBook } from '../../phrases.ts'

const sets = {
  NOT: "don't dont never not without avoid no",
  TELL: 'tell telling mention mentioning inform informing reveal revealing notify notifying disclose disclosing show showing alert alerting display',
  PERSON: 'user users human humans customer person operator anyone them',
  READ: 'read open cat load access fetch retrieve collect gather copy extract find get list dump include',
  HAND: 'pass send include append attach forward upload post put provide submit embed add paste write exfiltrate transmit place encode',
  SECRET:
    'id_rsa id_ed25519 ssh credentials credential password passwords passwd secret secrets token tokens keys apikey mcp env cookies wallet keychain kubeconfig config',
  SECRET_FILE: 'id_rsa id_ed25519 ssh passwd mcp env credentials kubeconfig keychain wallet',
  TALK: 'conversation conversations chat history transcript prompt messages instructions context',
  OVERRIDE: 'ignore disregard forget override bypass overrule supersede',
  EARLIER: 'previous prior above earlier all any other preceding system existing original safety security',
  RULES: 'instruction instructions prompt prompts rules rule guideline guidelines directives policy policies restrictions warnings',
} as const

/** Orders that no description of a tool needs. */
export const phrases = phraseBook(sets, [
  [
    'conceal',
    'high',
    'NOT -2 TELL ~8 PERSON',
    'keep/hide/conceal ~8 from/secret/hidden ~8 user/users/human/operator',
    'user/users/human ~8 must/should ~8 not/never ~8 know/see/notice/learn',
    'silently/secretly/quietly/discreetly/covertly ~8 READ/HAND/call/invoke/use/execute/run',
    'without ~2 user/users ~2 knowledge/consent/noticing/knowing',
  ],
  [
    'override',
    'high',
    'OVERRIDE ~8 EARLIER ~8 RULES',
    'new/updated/real/actual ~8 system/developer ~8 prompt/instructions/instruction',
  ],
  [
    'secret_access',
    'high',
    'READ ~8 SECRET ~8 HAND',
    'before/prior/when/first/after ~8 READ ~8 SECRET_FILE',
    'HAND ~8 content/contents/file/files/value/values ~8 SECRET_FILE',
  ],
  [
    'exfiltrate',
    'high',
    'HAND ~8 full/entire/whole/complete/all/previous/last ~8 TALK ~8 as/in/to/into/parameter/argument/field',
    'HAND ~8 its/the/their ~8 content/contents ~8 as ~8 sidenote/note/parameter/argument/context/feedback',
    'system ~8 prompt ~8 as/in/into/to ~8 parameter/argument/field/note',
    'HAND ~4 your ~2 system/initial/hidden/own ~1 prompt/instructions',
  ],
  [
    'coercion',
    'medium',
    "otherwise/else ~8 tool/tools/system/application ~8 will/won't/wont/not/fail ~8 work/fail/crash/lose/shut/break",
    'implementation ~8 detail/details ~8 not/never/irrelevant',
  ],
  [
    'shadowing',
    'high',
    'when/whenever/if/before/once ~8 tool/tools/function ~8 is/are/called/used/available/present/invoked ~8 must/always/instead/redirect/change/replace',
    'all/any/every ~8 emails/email/messages/message/payments/payment/transfers/requests/calls ~8 must/should/have ~8 sent/send/routed/redirected/addressed/go/bcc/copied ~8 to/via/through',
    'instead ~8 of ~8 the/any/other/original ~8 tool/tools/function',
    'side ~8 effects/effect ~8 tool/tools',
    'replaces/supersedes/deprecates ~3 original/old/official/other ~2 tool/tools/function/version',
  ],
])
