// A thread that reads and writes what is too large to be read and written between two other requests.
import { answerRequests } from '@mlops/concurrency';
import { decode, decodeAsked, decodeTable, encode } from './codec.ts';
import type { CodecReply, CodecRequest } from './decoding-thread.ts';

function answer(request: CodecRequest): CodecReply {
  switch (request.kind) {
    case 'decode':
      return { decoded: decode(request.wire, request.model) };
    case 'table':
      return { asked: decodeTable(request.wire, request.model) };
    case 'asked':
      return { decoded: decodeAsked(request.asked, request.model) };
    case 'encode':
      return { text: Uint8Array.from(Buffer.from(encode(request.answered))) };
  }
}

answerRequests<CodecRequest, CodecReply>(answer, ({ decoded, text }) => [
  ...(decoded?.inputs ?? []).flatMap(({ data }) => (Array.isArray(data) ? [] : [data.buffer as ArrayBuffer])),
  ...(text ? [text.buffer] : []),
]);
