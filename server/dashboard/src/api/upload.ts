import { Problem, problemOf } from './client'

/** Sends a form and tells how much of it is gone; `fetch` cannot. */
export function upload<T>(path: string, form: FormData, onProgress: (part: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    request.responseType = 'json'
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total)
    })
    request.addEventListener('load', () => {
      const isDone = request.status >= 200 && request.status < 300
      if (isDone) resolve(request.response as T)
      else reject(problemOf(request.status, request.response, request.getResponseHeader('Retry-After')))
    })
    request.addEventListener('error', () => reject(new Problem(0, 'unreachable', '')))
    request.send(form)
  })
}
