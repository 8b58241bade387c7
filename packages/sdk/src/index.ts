export { openControl, type Control, type ControlOptions, type CallOptions, type Input, type Output, type Read } from './control.ts'
export { ControlProblem } from './control-problem.ts'
export {
  ActRefused,
  openPep,
  type Guarded,
  type Pep,
  type PepOptions,
  type Semantic,
  type ToolCall,
  type Verdict,
  type VerdictContext,
} from './pep.ts'
export type { Fetch } from './send.ts'
