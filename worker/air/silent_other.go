//go:build !unix

package air

import "net"

// canPeek says that a peeker can tell; where it cannot, [http.Transport] carries.
const canPeek = false

type peeker struct{}

func newPeeker(net.Conn) *peeker { return &peeker{} }

func (*peeker) silent() bool { return false }
