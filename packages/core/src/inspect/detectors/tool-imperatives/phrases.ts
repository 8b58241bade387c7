import { phraseBook } from '../../phrases.ts'
import { VOCABULARY } from '../../vocabulary.ts'

const sets = {
  ...VOCABULARY,
  MIND: 'ai assistant agent agents llm llms model chatbot chatgpt gpt claude gemini copilot bot',
  NOT: 'dont not never without avoid no',
  TELL: 'tell telling mention mentioning inform informing reveal revealing notify notifying disclose disclosing show showing alert alerting display acknowledge report reporting ask asking',
  QUIETLY: 'silently secretly quietly discreetly covertly invisibly stealthily',
  ACT: 'send forward email mail transfer wire pay delete remove erase wipe execute run call invoke use upload download post buy purchase order visit open browse navigate fetch share grant add invite create update change modify cancel reset schedule book publish subscribe click install disable enable approve export read retrieve search find get list include append insert copy move rename withdraw deposit donate reply respond write say print output recommend unlock turn set make',
  TOOL: 'tool tools function functions api plugin command commands endpoint mcp shell terminal browser',
  GRAVE:
    'important urgent critical mandatory crucial essential priority attention notice alert warning vital imperative emergency immediate',
  TASK: 'instruction instructions task tasks directive directives command commands order orders request requests mandate',
  GO_ON:
    'continue continuing proceed proceeding answer answering respond responding reply replying summarize summarizing summarise summarising complete completing finish finishing solve solving start starting begin beginning doing do anything perform performing resume resuming',
  DONE: 'complete completed done finished successful accomplished fulfilled',
} as const

/** What speaks for a text that gives the assistant orders. None of it is proof; the detector counts which come together. */
export const signals = phraseBook(sets, [
  // The text speaks to the assistant.
  [
    'address',
    'medium',
    'attention/dear/hey/hello/hi/note/notice/message/instruction/instructions/memo/reminder ~1 to/for/all/ai ~2 MIND',
    '^attention/dear/hey ~1 MIND',
    'if/when ~1 you/youre ~1 are/an ~2 MIND',
    'as an ai ~3 you must/should/will/are',
    'any/all/every/whichever ai/llm/assistant/automated ~2 MIND/systems/system/tools ~2 reading/processing/summarizing/summarising/parsing/accessing/viewing/that/who/which/must/should',
    'ai/llm assistant/model/agent/agents/assistants/models/systems ~1 must/should/shall/needs/need/is/are/reading/processing ~2 ACT/follow/obey/comply/instructed/required/ignore/immediately/now',
    'the artificial intelligence ~1 must/should/shall/is/needs',
    'llm/ai/agent/assistant/model ~2 reading/processing/summarizing/summarising ~1 this',
    'instructions/message/note/notice for ~2 ai/llm/llms/chatbots/agents/assistants/models',
  ],
  // It claims the voice of someone who may give orders.
  [
    'authority',
    'medium',
    'message/instruction/instructions/request/order ~1 from ~1 me/the ~2 user/owner/developer/developers/administrator/admin/system/operator',
    'the user ~2 wants/want/asked/asks/needs/requires/authorized/authorised/approved/instructed/requested ~1 you to',
    'GRAVE ~2 TASK ~3 from ~2 user/owner/developer/administrator/admin/system',
    'on ~1 behalf ~2 user ~3 ACT',
    'this ~1 is ~2 GRAVE ~2 message/instruction/directive/command ~1 from/for/to',
    'your ~1 new ~1 TASK ~1 is ~1 to',
    'user/owner has ~1 already ~1 approved/authorized/authorised/consented/confirmed ~3 this/it/the/all',
    'you ~1 are ~1 authorized/authorised/permitted/required/instructed/ordered/commanded ~1 to ACT',
  ],
  // It pushes itself in front of what the user asked.
  [
    'preempt',
    'medium',
    'before ~1 you ~2 GO_ON ~12 must/should/first/need/have/will',
    'before ~1 GO_ON ~3 user/users/original/task/request/question/query/summary/this/the ~8 you/first/must/please/ACT',
    'you must/should ~1 first ~2 ACT',
    'first ~2 do/complete/perform/execute ~2 following ~3 TASK/before/then',
    'next/upcoming/following/forthcoming/subsequent/new/additional/extra/another/brand/further ~4 TASK ~8 GRAVE/immediate/immediately/priority/essential/optional/now/precedence/undivided/negotiable/overlooked/wait/delay/mandatory/paramount',
    'GRAVE ~5 additional/new/following/upcoming/extra/another/further/subsequent ~3 TASK',
    'upcoming/forthcoming/following/next/ensuing/coming/what ~3 TASK/follows/steps/directions ~3 are/is/require/requires/demand/demands ~2 not ~6 drill/suggestion/suggestions/optional/guidelines/advice/information/text',
    'upcoming/forthcoming/ensuing ~2 TASK/directions/steps',
    'TASK ~2 to/that follow/come/follows ~1 are/is/require',
    'about to ~2 receive/encounter/added/introduced ~6 TASK',
    'GRAVE ~6 TASK ~5 added/follow/follows/incoming/ahead/below/inserted',
    'this ~2 instruction/directive/command/task/order ~4 paramount/only/headline/defines/priority/supersedes/overrides/matters/above/precedence',
    'pause/halt/stop/interrupt/suspend ~4 your/current/everything/all ~3 task/tasks/activity/work/activities/doing/and ~6 TASK/focus/follow/following/new',
    'other/previous/preceding ~2 TASK ~4 obsolete/irrelevant/secondary/background/shadows/footnote/void/wait/paused/cease/fade',
    'instead of ~3 summarizing/summarising/answering/the ~3 ACT',
    'in addition to ~4 task/request/summary/question ~4 ACT',
    'after ~2 reading/processing/summarizing/summarising/parsing ~3 this/the ~5 ACT',
  ],
  // It wants to stay unseen.
  [
    'conceal',
    'medium',
    'NOT -2 TELL -3 PERSON',
    'keep/hide/conceal ~3 from/secret/hidden ~3 user/users/human/operator',
    'user/users/human must/should ~1 not/never ~1 know/see/notice/learn/find',
    '^QUIETLY ~3 ACT/HAND',
    'you must ~1 QUIETLY',
    'without ~2 user/users/their ~2 knowledge/knowing/consent/noticing/permission/confirmation/approval',
    'without ~1 knowledge/consent/permission ~2 of ~1 user/users',
    'without asking ~2 for ~1 confirmation/permission/approval',
    'go/goes/going/remain/remains/stay/stays unnoticed/undetected',
    'without ~1 leaving ~2 trace/traces/record/log',
    'hide/erase/cover ~2 trace/traces/tracks/evidence',
    'NOT ask ~2 for ~1 confirmation/permission/approval',
    'NOT mention ~2 this/these ~1 instruction/instructions/message/step/steps/note/action',
    'NOT ~1 repeat/reveal/acknowledge ~2 this/these ~1 instruction/instructions/message/note',
  ],
  // It orders the use of a tool.
  [
    'tool_order',
    'low',
    '^use/call/invoke/execute/run/trigger ~3 TOOL ~6 to/with/and/for/on/at',
    '^use/call/invoke/execute/trigger ~1 the ~2 TOOL',
    'you must/should/will/need ~3 ACT ~8 to/with/from/at/via/using/and/all/the',
    'must/should ~1 immediately ~2 ACT',
    '^please ACT ~8 to/with/via',
    '^execute ~2 following ~2 TASK/commands/command/actions/steps',
  ],
  // It pretends that the task is done.
  [
    'fake_completion',
    'medium',
    '^answer/response/output task/request DONE',
    'task ~2 DONE ~3 now ~2 ACT',
    'task DONE ~4 next/new task',
  ],
])
