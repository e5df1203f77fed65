// The side module: keeps bytes on the C stack that it shares with main.c.
int from_main(int seed);

int in_side(int seed) {
  volatile unsigned char bytes[100];
  for (int i = 0; i < 100; i++) bytes[i] = (unsigned char)(seed + i);
  int got = from_main(seed);
  for (int i = 0; i < 100; i++) got += bytes[i] != (unsigned char)(seed + i);
  return got;
}
