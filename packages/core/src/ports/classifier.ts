import type { Channel } from '../model/channel.ts'

/** A piece of text to judge, short enough for the model (see `windowTokensMax`). */
export interface ClassifierWindow {
  readonly text: string
  readonly channel: Channel
}

/**
 * A model of injected instructions that runs off the event loop: the shipped transformer, or one the operator brings. It must
 * not keep, log or send the text anywhere.
 */
export interface Classifier {
  /** Name and SHA-256 of the weights, for the record. */
  readonly name: string
  /**
   * Longest window it reads at once, in its own tokens. A longer one is read in a few overlapping pieces of which the worst counts;
   * one that is longer still is refused, not read in part. So callers window.
   */
  readonly windowTokensMax: number
  /**
   * How likely each window is an injected instruction, 0 to 1, in the order given. Safe to call concurrently; bounded in time
   * and in what waits.
   * @throws GatewayError `CLASSIFIER_UNAVAILABLE` when it failed, timed out, too much waits already, or a window is far too long.
   */
  score(windows: readonly ClassifierWindow[]): Promise<readonly number[]>
  close(): Promise<void>
}
