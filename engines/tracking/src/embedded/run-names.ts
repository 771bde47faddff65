import { randomInt } from 'node:crypto';

const ADJECTIVES =
  'able,agile,amber,ample,awake,bold,brave,brisk,calm,candid,clear,clever,crisp,deft,eager,early,fair,fleet,fond,gentle,glad,golden,grand,happy,hardy,honest,jolly,keen,kind,lively,loyal,lucid,mellow,merry,mild,neat,nimble,noble,plucky,proud,quick,quiet,rapid,ready,sharp,silent,smart,solid,spry,steady,sunny,swift,tidy,true,upbeat,vivid,warm,wise,witty,young'.split(
    ',',
  );
const NOUNS =
  'ant,badger,bear,bee,bison,boar,cat,colt,crab,crane,crow,deer,dove,duck,eagle,elk,falcon,fawn,finch,fox,frog,goose,gull,hare,hawk,heron,horse,ibis,jay,koala,lark,lion,lynx,mink,mole,moose,moth,newt,otter,owl,panda,perch,pike,quail,ram,raven,robin,seal,shrew,skunk,sloth,snail,stork,swan,tern,toad,trout,whale,wolf,wren'.split(
    ',',
  );
const NUMBER_MAX = 1000;

/** A name for a run that was given none, such as "calm-otter-417". */
export function randomRunName(): string {
  return `${ADJECTIVES[randomInt(ADJECTIVES.length)]}-${NOUNS[randomInt(NOUNS.length)]}-${randomInt(NUMBER_MAX)}`;
}
