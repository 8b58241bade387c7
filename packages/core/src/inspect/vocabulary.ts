import type { WordSets } from './phrases.ts'

/** Words that several detectors look for. Case and accents do not count. */
export const VOCABULARY = {
  ASSISTANT:
    'ai assistant assistants agent agents llm llms model chatbot chatbots chatgpt gpt gpt4 claude gemini copilot bot bots bard llama mistral grok ais',
  PERSON: 'user users human humans customer person operator owner anyone them',
  RULES:
    'instruction instructions prompt prompts rules guidelines guideline directive directives commands orders programming guidance constraints restrictions training safeguards limitations',
  EARLIER: 'previous previously prior above earlier preceding foregoing initial original existing former past before system old',
  ALL: 'all any every each everything',
  REVEAL:
    'reveal show print display repeat output disclose expose leak recite dump echo reprint restate regurgitate divulge spill paraphrase ' +
    'summarize summarise share write list provide give tell return state copy paste encode translate format',
  TALK: 'conversation conversations chat chats history transcript dialogue dialog messages discussion',
  HAND: 'send forward email mail upload post transmit submit exfiltrate leak pass deliver copy ship relay dispatch',
  SECRET:
    'password passwords passwd credential credentials secret secrets token tokens apikey apikeys keys key cookies otp pin passcode passcodes seed mnemonic',
} as const satisfies WordSets
