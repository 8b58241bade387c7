/**
 * Every reason a decision can carry, with what it means and what a person does about it. `docs/reference/reasons.md` is
 * generated from this table; codes are stable.
 */
export const REASONS = {
  granted: { means: 'a grant of the manifest covers this act', todo: 'nothing' },
  listed: { means: 'a list of what is granted; the gateway answers it', todo: 'nothing' },
  agent_isolated: { means: 'the agent is isolated', todo: 'sallyport release, after the investigation' },
  no_manifest: { means: 'the agent has no manifest', todo: 'write one and sign it' },
  no_task: { means: 'the credential is for exchange only and carries no task', todo: 'exchange it for a session token' },
  task_unknown: { means: 'the manifest has no such task type', todo: 'issue the credential for a task of the manifest' },
  tool_not_in_manifest: { means: 'no grant for this tool in this task', todo: 'add a grant, if the task needs it' },
  resource_not_in_manifest: { means: 'no grant for this resource in this task', todo: 'add a grant, if the task needs it' },
  prompt_not_in_manifest: { means: 'no grant for this prompt in this task', todo: 'add a grant, if the task needs it' },
  feature_not_in_manifest: {
    means: 'no grant for this client feature',
    todo: 'list it under clientFeatures, if the task needs it',
  },
  explicitly_denied: { means: 'the manifest denies it by name', todo: 'nothing: a deny overrides every grant' },
  grant_proposed: { means: 'the grant awaits signatures', todo: 'sallyport manifest sign, by the roles the manifest names' },
  user_required: { means: 'the tool needs a verified originating user', todo: 'exchange the key with a user token' },
  scope_exceeded: {
    means: 'the reviewed effect of the tool is wider than the granted scope',
    todo: 'grant the scope, or review the tool',
  },
  approval_required: {
    means: 'the act needs a person’s approval; the people who may decide are asked',
    todo: 'wait, and send the same act again',
  },
  approval_unavailable: {
    means: 'the act needs a person’s approval, and nobody has a role that may give it',
    todo: 'give somebody the role, see `approvals` in sallyport.yaml',
  },
  approved: { means: 'the people who had to decide approved exactly this act', todo: 'nothing' },
  approval_rejected: { means: 'a person rejected this act', todo: 'do something else; the answer stands for some time' },
  approval_expired: { means: 'nobody decided in time, which is a rejection', todo: 'ask again later' },
  approval_cancelled: { means: 'the request was cancelled, by isolation or by a newer one', todo: 'send the act again later' },
  args_invalid: { means: 'the arguments violate the schema', todo: 'correct the argument at the path' },
  entity_mismatch: { means: 'the record is outside the granted entities', todo: 'use the record of the verified identity' },
  entity_missing: { means: 'an entity argument the grant binds is absent', todo: 'send it' },
  entity_unresolved: { means: 'the verified identity lacks the attribute the grant binds', todo: 'add the attribute to the user' },
  recipient_not_allowed: { means: 'a recipient or URL is outside the granted domains', todo: 'use a granted domain' },
  recipient_unparseable: { means: 'a recipient or URL has no single safe reading', todo: 'send plain addresses' },
  off_task: {
    means: 'the text is about none of the topics of the task, so a person has to look at it',
    todo: 'write about the task, or add the topic to the manifest',
  },
  provenance_unavailable: {
    means: 'the grant requires provenance and no session content is recorded',
    todo: 'remove the rule or route the model through the gateway',
  },
  provenance_unendorsed: {
    means: 'a value comes from none of the places that the grant names for it, so a person has to decide',
    todo: 'have the user or a named tool say it, or add it to `approved`',
  },
  tainted_act: {
    means: 'the session read content of others, and nothing else says where this act should go; a person has to decide',
    todo: 'name the target in the request, take it from a trusted source, or add it to `approved`',
  },
  tainted_url: {
    means: 'the session read content of others, and only they named the address; a visit tells them, and brings more of theirs',
    todo: 'name the address in the request, or add it to `approved`',
  },
  class_not_cleared: {
    means: 'a value comes only from data of a class that this tool is not cleared for',
    todo: 'leave it out, or let the grant name the class',
  },
  budget_exhausted: {
    means: 'a budget of calls, tokens or money of model calls is used up, or has less left than the call may need',
    todo: 'retry after the time given, ask for a shorter answer, or raise the budget in the manifest',
  },
  loop_detected: {
    means: 'the agent keeps sending the same model call, or its model keeps asking for the same tool call',
    todo: 'find out why it goes in circles; raise `modelPolicy.loop` if the repetition is wanted',
  },
  rate_limited: { means: 'the budget of calls is used up', todo: 'retry after the time given' },
  tool_unreviewed: {
    means: 'the tool is new, changed or renamed and awaits review',
    todo: 'sallyport tools diff, then tools approve',
  },
  tool_colliding: {
    means: 'its name collides with or looks like another tool’s',
    todo: 'rename it at the server, or prefix the server',
  },
  tool_unverifiable: {
    means: 'the tool server cannot be asked whether its definitions are still the reviewed ones',
    todo: 'restore the tool server',
  },
  tool_unknown: { means: 'the server offers no such tool', todo: 'list the tools' },
  log_unwitnessed: {
    means: 'too few witnesses vouch for the audit log, and the configuration stops acts of this consequence until they do',
    todo: 'sallyport status names the witnesses; restore them, and look at the log if one contradicts it',
  },
  inspection_failed: {
    means: 'a detector could not finish, so the content is not known to be harmless',
    todo: 'send less, or report a bug',
  },
  result_invalid: { means: 'the result violates the tool’s output schema', todo: 'repair the tool server' },
  result_not_projectable: {
    means: 'the result cannot be reduced to the granted fields',
    todo: 'make the tool return structured content',
  },
  result_too_large: { means: 'the result is larger than the limit', todo: 'ask for less' },
  fields_projected: { means: 'fields outside the grant were removed', todo: 'nothing' },
  rows_filtered: { means: 'records outside the granted entities were removed', todo: 'nothing' },
  source_unprofiled: {
    means: 'nobody has said by which channel its content comes and what data it holds',
    todo: 'describe it under `source` of the server in sallyport.yaml',
  },
  injection_detected: {
    means: 'the content looks like instructions planted for the agent',
    todo: 'sallyport quarantine show, then release it or report it',
  },
  data_not_cleared: {
    means: 'it holds data of a class that may not go there',
    todo: 'leave the data out, or let the grant name the class',
  },
  exfiltration_detected: {
    means: 'it carries data out in a link, an image, an encoded run or a host name',
    todo: 'leave the link out, or allow the host under guard.allowedHosts',
  },
  canary_leaked: { means: 'it holds a planted canary', todo: 'isolate the agent: something read what it should not have' },
  content_unscanned: {
    means: 'more content than the guard may look at, so it is not known to be harmless',
    todo: 'ask for less',
  },
  content_suspicious: {
    means: 'its type is not the one it claims, or it can run or unpack into more than it shows',
    todo: 'look at it with sallyport quarantine show',
  },
  content_cut: { means: 'the texts that look like planted instructions were left out', todo: 'sallyport quarantine show' },
  content_redacted: { means: 'data of a restricted class was replaced by placeholders', todo: 'nothing' },
  content_sanitised: { means: 'hidden characters and forged markers were removed', todo: 'nothing' },
  content_released: { means: 'a person released this exact content from quarantine', todo: 'nothing' },
  class_undeclared: {
    means: 'data of a class was seen that nobody declared for this source',
    todo: 'correct the classes of the source, or find out why',
  },
  model_not_in_manifest: { means: 'no grant for this model in this task', todo: 'add it under `models`, if the task needs it' },
  model_unknown: { means: 'no provider offers a model of this name', todo: 'add it under `providers` in sallyport.yaml' },
  model_wire_unsupported: {
    means: 'the provider does not speak the wire format of the request',
    todo: 'use the wire format of the provider',
  },
  model_unapproved: {
    means: 'the model is not approved, or its approval has lapsed',
    todo: 'review it, and renew `approval` of the model',
  },
  model_feature_unsupported: { means: 'the model lacks something the request uses', todo: 'choose another model' },
  model_unpriced: {
    means: 'a budget counts money, and the model has no price in its currency',
    todo: 'add `price` to the model in sallyport.yaml, in the currency of the budget',
  },
  model_feature_not_in_manifest: {
    means: 'the request uses something that runs at the provider or that the gateway cannot look into, and no grant names it',
    todo: 'list it under `modelPolicy.features`, if the task needs it',
  },
  provider_unreviewed: {
    means: 'the provider was not assessed within a year',
    todo: 'assess it, and renew `review` of the provider',
  },
  purpose_not_granted: {
    means: 'the caller names another purpose than the one the manifest has for the task',
    todo: 'use a task of that purpose',
  },
  purpose_not_allowed: {
    means: 'the data may not be used for the purpose of the task, or the task has none that people signed',
    todo: 'state the purpose of the task in the manifest and have it signed, or add it to `purposes` of the source',
  },
  provider_purpose: { means: 'the provider may not be used for this purpose', todo: 'choose another model' },
  provider_residency: {
    means: 'the provider may process the data outside the regions it may be in',
    todo: 'choose a model in the region',
  },
  provider_tier: {
    means: 'classified data may not go to a consumer service',
    todo: 'choose an enterprise or private model, or leave the data out',
  },
  provider_trains: { means: 'the provider may train on what it is sent', todo: 'choose another model, or leave the data out' },
  provider_unattested: {
    means:
      'nobody attested how the provider isolates and logs what it is sent, by which sub-processors and under which contract, so no classified data goes there',
    todo: 'review it, and record `attestation` of the provider',
  },
  provider_without_dpa: {
    means: 'the data processing agreement with the provider has lapsed',
    todo: 'renew it, and record it under `dpa` of the provider',
  },
  provider_without_baa: {
    means: 'health data needs a business associate agreement in force with the provider',
    todo: 'sign or renew it, and record it under `baa` of the provider',
  },
  provider_without_transfer: {
    means: 'the data would leave its jurisdiction without a valid transfer mechanism',
    todo: 'record one under `transfer` of the provider, or choose a model in the region',
  },
  system_prompt_refused: {
    means: 'the request has a system message that is not the pinned prompt',
    todo: 'pin it as `modelPolicy.prompt`, leave it out, or set `modelPolicy.systemPrompt`',
  },
  system_prompt_demoted: { means: 'a system message of the client was sent as a user message', todo: 'nothing' },
  prompt_unknown: {
    means: 'the folder of prompts has no version with the pinned hash',
    todo: 'put the text back, or pin a version that is there',
  },
  history_altered: {
    means: 'a message of the conversation is not what was delivered in this session',
    todo: 'send the conversation as it was',
  },
  output_off_contract: { means: 'the answer does not match the schema of its task', todo: 'look at it, or correct the prompt' },
  output_link_not_allowed: { means: 'the answer has a link outside the domains of its task', todo: 'look at it' },
  confidence_low: {
    means: 'the model is not sure enough, or does not say how sure it is',
    todo: 'let a person decide',
  },
  no_vote: { means: 'no rule spoke; silence is a deny', todo: 'report a bug' },
} as const satisfies Record<string, { means: string; todo: string }>
export type ReasonCode = keyof typeof REASONS
