package org.example.shop;

import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.stereotype.Controller;

/** Code of the shop that serves clients of the node. */
@Controller
class Orders {
  @MessageMapping("/order")
  @SendTo("/topic/ordered")
  String order(String what) {
    return "Ordered: " + what;
  }
}
