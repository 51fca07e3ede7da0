/*
 * address.h - which mail addresses are written to.
 *
 * Owns the shape that is taken: the dot-atom of RFC 5321 section 4.1.2 in ASCII, at a domain with a dot. Quoted names, comments, address
 * literals and other alphabets are refused, so that nothing in an address can end a line or a command. Pure.
 */
#ifndef COUNCIL_SERVER_MAIL_ADDRESS_H
#define COUNCIL_SERVER_MAIL_ADDRESS_H

#include <stdbool.h>

enum {
    MAIL_ADDRESS_MAX = 254, /* RFC 5321 section 4.5.3.1.3, without the brackets */
    MAIL_LOCAL_MAX = 64,    /* section 4.5.3.1.1 */
    MAIL_LABEL_MAX = 63     /* RFC 1035 section 2.3.4 */
};

/* True if mail may be sent to (or from) `address`. */
__attribute__((warn_unused_result)) bool mail_address_fits(const char *address);

#endif
