import { WebSocket } from 'undici'

/** Node's inspector, for what a process cannot be asked over HTTP. */
export interface Inspector {
  /** Memory in MB after a full collection: all that is resident, and JavaScript objects alone. */
  readonly memoryMb: () => Promise<{ residentMb: number; heapMb: number }>
  readonly close: () => void
}

const MEMORY = 'JSON.stringify(process.memoryUsage())'

export async function openInspector(url: string): Promise<Inspector> {
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true })
    socket.addEventListener('error', () => reject(new Error('the inspector did not answer')), { once: true })
  })
  let nextId = 1
  const send = (method: string, params: object = {}): Promise<unknown> => {
    const id = nextId++
    return new Promise((resolve) => {
      const read = (event: MessageEvent): void => {
        const message = JSON.parse(String(event.data)) as { id?: number; result?: unknown }
        if (message.id !== id) return
        socket.removeEventListener('message', read)
        resolve(message.result)
      }
      socket.addEventListener('message', read)
      socket.send(JSON.stringify({ id, method, params }))
    })
  }
  return {
    memoryMb: async () => {
      // Twice: what the first one finalises, the second one frees.
      await send('HeapProfiler.collectGarbage')
      await send('HeapProfiler.collectGarbage')
      const { result } = (await send('Runtime.evaluate', { expression: MEMORY })) as { result: { value: string } }
      const { rss, heapUsed } = JSON.parse(result.value) as { rss: number; heapUsed: number }
      return { residentMb: rss / 1e6, heapMb: heapUsed / 1e6 }
    },
    close: () => socket.close(),
  }
}
