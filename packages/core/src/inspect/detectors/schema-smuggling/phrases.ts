import type { Finding } from '../../../model/finding.ts'
import { phraseBook } from '../../phrases.ts'
import { VOCABULARY } from '../../vocabulary.ts'

const sets = {
  ...VOCABULARY,
  WHOLE: 'full entire whole complete verbatim all previous prior raw exact last current',
  CHAT: 'conversation conversations chat transcript dialogue dialog messages prompt prompts history context',
  FILE: 'passwd shadow rsa ed25519 ssh env credentials kubeconfig keychain wallet mcp aws',
  GET: 'read reading content contents open cat dump load file contentof output result',
} as const

/** Descriptions of parameters that ask for the conversation. */
export const collectors = phraseBook(sets, [
  [
    'collects',
    'medium',
    'full/entire/whole/complete/verbatim/raw ~2 CHAT',
    'all ~1 previous/prior/earlier ~1 messages/prompts/conversation/conversations/turns',
    'your ~2 system/initial/hidden ~1 prompt/instructions',
    'the ~1 system prompt ~3 you/agent/assistant/model',
    'system prompt ~2 verbatim',
    'conversation/chat ~1 history ~4 so/verbatim/far/including/up',
    'everything ~3 user ~2 said/typed/wrote/asked/told',
    'summary ~1 of ~1 the/this/our ~1 conversation/chat/dialogue',
    'your ~2 reasoning/thoughts ~4 verbatim/full/including',
    'list of ~2 all ~3 tools ~4 you/available ~3 have/you/to',
    'content/contents of ~4 FILE',
  ],
])

/** Names of parameters that are themselves an order to read a secret. */
export const secretNames = phraseBook(sets, [
  ['secret_name', 'high', 'GET ~4 FILE', 'FILE ~2 content/contents', 'private/ssh/secret ~1 key content/contents/file'],
])

/** Orders in names and values. */
export const orders = phraseBook(sets, [
  [
    'order',
    'high',
    'ignore/disregard/forget ~3 previous/prior/all/above ~2 RULES/rules',
    'read/open/include/send/copy/paste/put/insert/append/fill/add ~5 WHOLE ~2 CHAT',
    'read/open/send/include/paste ~5 FILE ~6 here/first/and/into/file/key',
    'dont/not/never tell ~2 user',
    'must/always/first ~2 call/send/read/include/forward ~6 before/to/with/tool',
    'instead ~1 of ~3 tool/enum/values/value',
    'call/use/run/invoke ~3 tool/function ~4 first/before/with/and/instead',
  ],
])

/**
 * Names, without separators, of parameters that exist to collect what no tool needs, and how severe they are when required:
 * `medium` where a tool that speaks to a model might need one.
 */
export const COLLECTOR_NAMES: ReadonlyMap<string, Finding['severity']> = new Map([
  ...(
    'sidenote sidenotes hiddennote internalnote toolslist toolcallhistory previoustoolcalls chainofthought internalmonologue innermonologue ' +
    'yourinstructions yoursystemprompt hiddeninstructions initialinstructions fullconversation entireconversation wholeconversation ' +
    'fullchathistory fullcontext allcontext entirecontext contextdump conversationdump conversationlog userssecrets environmentvariablesdump ' +
    'alluserdata fulltranscript previousmessages allmessages allpreviousmessages'
  )
    .split(' ')
    .map((name) => [name, 'high'] as const),
  ...'conversation conversationhistory chathistory chatcontext conversationcontext chattranscript systemprompt systeminstructions systemmessage usermessages contextwindow agentthoughts'
    .split(' ')
    .map((name) => [name, 'medium'] as const),
])
