//go:build !unix

package air

import "net"

// canPeek says that silent can tell; where it cannot, [http.Transport] carries.
const canPeek = false

func silent(net.Conn) bool { return false }
