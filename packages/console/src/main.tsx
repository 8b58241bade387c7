import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from './api.ts'
import { showTheme } from './prefs.ts'
import { makeRouter } from './router.tsx'

showTheme()
const client = new QueryClient({
  defaultOptions: {
    // A refusal stays one; what did not answer is asked once more.
    queries: { staleTime: 5_000, retry: (count, error) => count < 1 && !(error instanceof Problem && error.status > 0) },
  },
})
const router = makeRouter(client)
const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
