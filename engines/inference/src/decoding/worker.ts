// A thread that reads and writes what is too large to be read and written between two other requests.
import { answerRequests } from '@mlops/concurrency';
import { decode, encode } from './codec.ts';
import type { CodecReply, CodecRequest } from './decoding-thread.ts';

answerRequests<CodecRequest, CodecReply>(
  (request) =>
    request.kind === 'decode'
      ? { decoded: decode(request.wire, request.model) }
      : { text: Uint8Array.from(Buffer.from(encode(request.answered))) },
  ({ decoded, text }) => [
    ...(decoded?.inputs ?? []).flatMap(({ data }) => (Array.isArray(data) ? [] : [data.buffer as ArrayBuffer])),
    ...(text ? [text.buffer] : []),
  ],
);
