/* This process without root's rights, for a while: as the user 65534, in its group alone. Whoever is not root already
 * is somebody without them, and stays that. Whatever fails ends the test. */
#ifndef NOBODY_H
#define NOBODY_H

void nobody_begin(void);
void nobody_end(void);

#endif
