import type { Json, JsonObject } from '@sallyport/core'
import { callControl, signRequest, type Home } from '@sallyport/gateway'
import { agentClient, type AgentClient } from '../../../packages/gateway/src/fixtures/agent-client.ts'
import { copyHome } from '../../../packages/gateway/src/fixtures/replicate.ts'
import { spawnGateway, type GatewayProcess } from '../crash/gateway-child.ts'
import { TASK, type World } from './world.ts'

/** One gateway process, and the next one in its place. */
export interface Member {
  /** `undefined` while none runs. */
  client(agent: string): AgentClient | undefined
  /** Asks the control plane over this gateway's socket. @throws Error with the words of a refusal */
  control(user: string, verb: string, input: Json): Promise<JsonObject>
  freeze(): void
  thaw(): void
  /** Kills the process with -9. */
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** Starts gateways over one database, each with a copy of the home folder. */
export async function startFleet(world: World, size: number): Promise<readonly Member[]> {
  const members = Array.from({ length: size }, () => openMember(world, copyHome(world.governed)))
  await Promise.all(members.map((member) => member.start()))
  return members
}

function openMember({ governed }: World, home: Home): Member {
  let child: GatewayProcess | undefined
  let url: string | undefined
  return {
    client: (agent) => (url === undefined ? undefined : agentClient(url, agent, governed.secret(agent, TASK))),
    async control(user, verb, input) {
      const key = governed.people[user]
      if (!key) throw new TypeError('no such person')
      const answer = await callControl(home.controlSocket, signRequest({ verb, input, user }, key, Date.now()))
      if (!answer?.ok) throw new Error(`${verb}: ${answer?.code ?? 'no gateway runs'} ${answer?.message ?? ''}`)
      return answer.output as JsonObject
    },
    freeze: () => child?.freeze(),
    thaw: () => child?.thaw(),
    async kill() {
      url = undefined
      await child?.kill()
    },
    async start() {
      child = spawnGateway(home.dir)
      url = await child.url()
    },
    async stop() {
      url = undefined
      await child?.stop()
    },
  }
}
