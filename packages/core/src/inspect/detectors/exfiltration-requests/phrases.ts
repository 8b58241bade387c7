import { phraseBook } from '../../phrases.ts'
import { VOCABULARY } from '../../vocabulary.ts'

const sets = {
  ...VOCABULARY,
  PUT: 'append add insert embed include encode put place attach concatenate inject interpolate substitute replace pass',
  WHOSE: 'user users my your their his her our customer customers everyone any all every the',
  LINK: 'url urls link links image images img query parameter parameters param params querystring markdown src href webhook pixel endpoint server domain subdomain hostname filename path',
  OUT: 'to at via through into over',
  PRIVATE:
    'conversation transcript prompt history memory memories context password passwords credentials secrets keys token tokens apikey secret',
} as const

/** `send_conversation`, `send_instructions`, `send_secrets`: what is to leave. `fill_link`: it leaves inside a link or an image. */
export const requests = phraseBook(sets, [
  [
    'send_conversation',
    'medium',
    '^HAND ~3 full/entire/whole/complete/all/this/our/your/user/users/previous/chat ~4 conversation/transcript/history/chat/dialogue/context ~5 OUT',
    '^HAND ~3 summary ~2 of ~2 this/our/the/user/conversation ~2 conversation/chat/history/discussion ~5 OUT',
    '^HAND ~2 everything ~3 user/users/you ~3 said/told/typed/wrote/know/asked/shared',
    '^copy/bcc/cc ~2 every/all ~2 conversation/conversations/message/messages/reply/replies ~3 to',
  ],
  [
    'send_instructions',
    'high',
    '^HAND ~3 your ~2 system/initial/original/hidden ~1 prompt/instructions/message ~5 OUT',
    '^PUT ~3 your/the ~1 system/initial/hidden ~1 prompt/instructions ~6 LINK',
  ],
  ['send_instructions', 'medium', '^HAND ~3 system prompt/instructions ~5 OUT', '^HAND ~2 your instructions ~5 OUT'],
  [
    'send_secrets',
    'medium',
    '^HAND ~3 user/users/all/any/every/their/customer/stored/saved ~4 SECRET ~6 OUT',
    '^HAND ~5 api/access/private/ssh/encryption/secret key/keys/token/tokens ~6 OUT',
    '^HAND ~4 environment/env variables/vars/file ~6 OUT',
    '^exfiltrate/leak/steal/smuggle ~6 SECRET/conversation/prompt/history/records/files/credentials',
    '^collect/gather/extract/harvest/find/read/search ~5 SECRET ~8 HAND/HAND ~8 OUT',
  ],
  [
    'fill_link',
    'high',
    '^PUT ~3 user/users/this/our/your/my/the/all ~3 conversation/transcript/prompt/history/context/password/credentials/secrets/messages ~8 url/link/image/query/webhook/markdown/img/src ~4 and/then/parameter/string/src/as/of',
    'replace/replacing/substitute ~6 with ~5 conversation/transcript/prompt/history/password/credentials/secrets/summary/email/emails ~8 image/url/link/markdown/render/display/encoded',
    '^render/display/show/include/output ~3 image/images/pixel/markdown ~12 conversation/transcript/prompt/history/context/password/secrets/credentials',
    'image/link/url/markdown ~6 with/containing/including ~4 conversation/transcript/history/prompt/password/credentials/secrets ~4 encoded/appended/in/as',
  ],
  [
    'fill_link',
    'medium',
    '^PUT ~3 user/users/this/our/your/the/all ~3 conversation/transcript/prompt/history/context/password/passwords/credentials/secrets/answers ~6 OUT/in/as ~3 path/url/link/image/query/webhook/markdown/img/src/parameter/domain/subdomain/hostname',
    '^visit/open/fetch/request/load/call/navigate/browse ~10 with ~3 conversation/transcript/prompt/history/context/passwords/credentials/secrets/keys/tokens ~6 parameter/parameters/query/appended/encoded/url',
    'encode ~4 conversation/history/prompt/password/secrets/answer ~6 base64/hex/url ~6 OUT/and/append',
  ],
])
