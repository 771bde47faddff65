import { answerRequests } from '../src/index.ts';

/** Answers with what it is told, unless it is told to fail, to end, or not to come back. */
answerRequests<string, string>((request) => {
  if (request === 'fail') throw Object.assign(new Error('failed'), { code: 'ODD', errcode: 13 });
  if (request === 'exit') process.exit(0);
  if (request === 'hang') for (;;);
  if (request === 'slow') return new Promise(() => setTimeout(() => {}, 1000));
  return request;
});
