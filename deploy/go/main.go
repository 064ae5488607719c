// A load balancer of Go's standard library before Drumline nodes: httputil.ReverseProxy, which passes WebSockets on by
// itself. To build upon, or to see what such a proxy must do; for production take HAProxy, nginx or Caddy. No TLS, no
// reload: other nodes need a restart, which cuts all sockets. Tried by deploy/try-balancers.
//
//	go run main.go -listen :80 10.0.0.11:8080 10.0.0.12:8080 10.0.0.13:8080
package main

import (
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"sync/atomic"
	"time"
)

type node struct {
	host string
	open atomic.Int64 // sockets through this proxy
	well atomic.Bool
}

// check asks /healthz each second; one failure takes the node out, since a dead node has the fewest sockets.
func (n *node) check() {
	client := http.Client{Timeout: time.Second}
	for ; ; time.Sleep(time.Second) {
		answer, err := client.Get("http://" + n.host + "/healthz")
		if err == nil {
			answer.Body.Close()
		}
		n.well.Store(err == nil && answer.StatusCode == http.StatusOK)
	}
}

// nodes is the transport: it chooses the node, and another one where that fails before the upgrade.
type nodes struct {
	all  []*node
	turn sync.Mutex // choosing and counting are one step, or clients that come at once all choose the same
	http http.RoundTripper
}

func (ns *nodes) RoundTrip(request *http.Request) (*http.Response, error) {
	tried := map[*node]bool{}
	var answer *http.Response
	err := errors.New("no node is well")
	for n := ns.take(tried); n != nil; n = ns.take(tried) {
		tried[n] = true
		attempt := request.Clone(request.Context())
		attempt.URL.Host = n.host
		if answer != nil {
			answer.Body.Close()
		}
		answer, err = ns.http.RoundTrip(attempt)
		if err == nil && answer.StatusCode == http.StatusSwitchingProtocols {
			answer.Body = &tunnel{answer.Body.(io.ReadWriteCloser), n, sync.Once{}}
			return answer, nil
		}
		n.open.Add(-1)
		if err == nil && answer.StatusCode != http.StatusServiceUnavailable {
			return answer, nil // 429 too: it is the limit for the client's address
		}
	}
	if answer != nil {
		return answer, nil
	}
	return nil, err
}

// take counts a socket for the node with the fewest; those that fail their check are the last resort.
func (ns *nodes) take(tried map[*node]bool) *node {
	ns.turn.Lock()
	defer ns.turn.Unlock()
	var best *node
	for _, n := range ns.all {
		if tried[n] {
			continue
		}
		better := best == nil || n.well.Load() && !best.well.Load() ||
			n.well.Load() == best.well.Load() && n.open.Load() < best.open.Load()
		if better {
			best = n
		}
	}
	if best != nil {
		best.open.Add(1)
	}
	return best
}

type tunnel struct {
	io.ReadWriteCloser
	node *node
	once sync.Once
}

func (t *tunnel) Close() error {
	t.once.Do(func() { t.node.open.Add(-1) })
	return t.ReadWriteCloser.Close()
}

func main() {
	listen := flag.String("listen", ":80", "address for clients")
	flag.Parse()
	ns := &nodes{http: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
		ResponseHeaderTimeout: 10 * time.Second,
		DisableCompression:    true,
	}}
	for _, host := range flag.Args() {
		n := &node{host: host}
		n.well.Store(true)
		ns.all = append(ns.all, n)
		go n.check()
	}
	proxy := &httputil.ReverseProxy{
		Transport: ns,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme = "http"
			r.Out.URL.Host = "node" // RoundTrip chooses; Host stays as the browser sent it, for its origin
			r.SetXForwarded()       // sets X-Forwarded-For to the client's address, whatever it claims
		},
	}
	clients := http.NewServeMux() // the nodes' client listener, and nothing else of them
	clients.Handle("GET /ws", proxy)
	server := &http.Server{Addr: *listen, Handler: clients, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
